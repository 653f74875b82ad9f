"""Tests of what holds for alerts."""
