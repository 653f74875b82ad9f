"""Tests of the admin web."""
