"""Tests of members who leave."""
