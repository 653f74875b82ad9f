"""Migrations of the database, numbered; each may be run again after it died half-way."""
