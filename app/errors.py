"""Errors that more than one part of Banke raises; a room's own stand in its `errors.py`."""


class BankeError(Exception):
    """The root: its text is a sentence for the reader, with no secret and no personal data."""


class ConfigError(BankeError):
    """The configuration cannot be used; the text names every key at fault and what to write."""


class NotFound(BankeError):
    """A `get_…` found nothing."""


class Refused(BankeError):
    """What somebody wants to save or do breaks a rule; the text says which and what would do."""
