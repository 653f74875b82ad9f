"""Tests of customer groups."""
