"""What may be wrong with a file that somebody wants to store."""

from app.errors import Refused


class MaterialRefused(Refused):
    """WeCom would not take this file; the text says why and what it takes."""
