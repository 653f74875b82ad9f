"""Losses (流失): who ended a relation, who must hear of it, and when it was no loss after all.

Three kinds, never mixed up: the customer deleted the member (`del_follow_user`, 流失), the member
deleted the customer (`del_external_contact`, 删除客户), a transfer moved him (转接).
"""
