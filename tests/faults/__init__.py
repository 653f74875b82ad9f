"""Faults: processes killed, Redis and the database taken away, garbage sent; nothing is lost."""
