"""Tests of roles, sessions and login links."""
