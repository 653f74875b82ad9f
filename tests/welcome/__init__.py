"""Tests of the room `welcome`."""
