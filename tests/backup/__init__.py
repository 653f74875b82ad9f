"""Backups are taken, kept from whom they are not for, and brought back into any database."""
