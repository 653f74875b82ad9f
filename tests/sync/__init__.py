"""Sync and reconciliation, against a real sandbox and real databases."""
