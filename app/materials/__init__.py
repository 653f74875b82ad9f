"""Materials (素材): files that are sent to customers, and their media_id at WeCom.

WeCom: 素材管理. A media_id lives three days, so it is uploaded ahead and renewed before it ends;
the bytes lie in the database, where every machine of a deployment finds them.
"""
