"""How a panel has something committed that may be refused in words."""

from app.runtime import commit

__all__ = ["commit"]
