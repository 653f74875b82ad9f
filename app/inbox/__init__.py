"""Received events (回调收件箱): stored once, claimed, finished, dead-lettered, replayed.

Knows ids and bodies, no other room: what an event means is the business of `callbacks`.
"""
