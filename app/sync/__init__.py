"""Sync (同步) and reconciliation (对账): the walk through all that WeCom knows of customers.

One walk does both: what WeCom lists is taken over, what it lists no more is looked at a second time
before it counts as lost. WeCom chapter: developer.work.weixin.qq.com/document/path/92994. A run is
a row with its cursor, so that it goes on wherever it was killed; the lane is `sync`.
"""
