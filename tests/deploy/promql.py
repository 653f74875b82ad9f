"""Reading PromQL as far as the tests need it: which metrics an expression asks, by which labels."""

import re
from collections.abc import Mapping
from itertools import pairwise, takewhile

Token = tuple[str, str]
FUNCTIONS = frozenset(
    {"absent", "delta", "histogram_quantile", "increase", "max", "min", "rate", "sum", "time"}
)
MATCHERS = frozenset({"=", "!=", "=~", "!~"})
GROUPING = frozenset({"by", "without", "on", "ignoring"})
WORDS = frozenset({"and", "or", "unless"})
TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<range>\[\d+[smhdw]\])
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<sign>=~|!~|!=|==|<=|>=|[-+*/^%<>={}(),])
    |(?P<space>\s+)""",
    re.VERBOSE,
)
PAIRS = {")": "(", "}": "{"}


class Unreadable(Exception):
    """Raised for what is no expression."""


def tokens(expression: str) -> list[Token]:
    """Return the expression's words as (kind, word).

    Raises:
        Unreadable: something in it belongs to no word, or a bracket has no other half.
    """
    found: list[Token] = []
    at = 0
    while at < len(expression):
        match = TOKEN.match(expression, at)
        if match is None:
            raise Unreadable(expression[at:])
        found.append((str(match.lastgroup), match.group()))
        at = match.end()
    _require_pairs(found)
    return [one for one in found if one[0] != "space"]


def asked(expression: str) -> Mapping[str, set[str]]:
    """Return the metrics that the expression asks, each with the labels that it is chosen by.

    Labels that are grouped by count as asked of each of them.

    Raises:
        Unreadable: it is no expression, or calls a function that no file of ours does.
    """
    grouped, words = _taken_out(tokens(expression))
    metrics: dict[str, set[str]] = {}
    metric = ""
    for (kind, word), (_kind, following) in pairwise([*words, ("", "")]):
        if kind != "name" or word in WORDS or (word in FUNCTIONS and following == "("):
            continue
        if following == "(":
            raise Unreadable(word)
        if following in MATCHERS:
            metrics[metric].add(word)
        else:
            metric = word
            metrics[metric] = set(grouped)
    return metrics


def _taken_out(words: list[Token]) -> tuple[set[str], list[Token]]:
    """Take `by (…)` and the like out; return the labels that stood there, and the rest."""
    labels: set[str] = set()
    rest: list[Token] = []
    left = iter(words)
    for kind, word in left:
        if word in GROUPING:
            clause = takewhile(lambda one: one[1] != ")", left)
            labels |= {name for kind_, name in clause if kind_ == "name"}
        else:
            rest.append((kind, word))
    return labels, rest


def _require_pairs(found: list[Token]) -> None:
    opened: list[str] = []
    for _kind, word in found:
        if word in PAIRS.values():
            opened.append(word)
        elif word in PAIRS and (not opened or opened.pop() != PAIRS[word]):
            raise Unreadable(word)
    if opened:
        raise Unreadable(opened[-1])
