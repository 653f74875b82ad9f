"""The record of what members did that somebody may ask about later (操作日志).

Knows ids and no other room. What stands here says who did what to whom and when, and holds no name,
no number and no text of anybody.
"""
