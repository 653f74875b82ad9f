"""Tests of the received events."""
