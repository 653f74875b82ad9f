"""Tests of the room `batches` and of its lane."""
