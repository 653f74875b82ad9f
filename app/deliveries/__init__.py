"""The record of everything sent to anyone (发送记录), and how it ended.

A row is committed before the call that sends, its outcome after it: what was tried is never lost.
Knows ids and sealed payloads, no other room.
"""
