"""Tests of the sandbox, which is the oracle of the others and so must itself be right."""
