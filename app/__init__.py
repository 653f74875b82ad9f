"""Banke: rooms by feature, the cellar of small tools, and the composition root."""

__version__ = "0.1.0"
