"""Customers (客户), who follows them (跟进关系), their stage (客户阶段) and their timeline (动态).

WeCom: 客户联系 → 客户管理. A relation that ends is kept and dated, never deleted; one that begins
again opens a new period beside the old one.
"""
