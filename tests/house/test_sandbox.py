"""The sandbox answers whatever `app.wecom` calls: a new call needs its answer there first."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.sandbox.api import ENDPOINTS

ROOT = Path(__file__).parent.parent.parent
NO_ENDPOINTS = {"application/json"}
ENDPOINT = re.compile(r"[a-z_]+(/[a-z_]+)+")


def named_endpoints() -> Iterator[str]:
    for path in (ROOT / "app" / "wecom").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and ENDPOINT.fullmatch(str(node.value)):
                yield str(node.value)


def test_every_endpoint_that_is_called_is_answered() -> None:
    called = set(named_endpoints()) - NO_ENDPOINTS
    assert len(called) > 10
    assert called <= {str(endpoint) for endpoint in ENDPOINTS}
