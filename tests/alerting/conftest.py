"""The shop of the tests of losses."""

from tests.churn.conftest import alerts, many, shop

__all__ = ["alerts", "many", "shop"]
