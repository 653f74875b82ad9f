"""Banke: rooms by feature, the cellar of small tools, and the composition root."""
