"""Tests of the room `deliveries`."""
