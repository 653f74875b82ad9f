"""Tests of callbacks/handlers."""
