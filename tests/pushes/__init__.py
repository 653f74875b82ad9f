"""Tests of the room `pushes` and of its lane."""
