"""Style sheets of others, cut down to what our pages use of them."""

from collections.abc import Collection, Iterable, Iterator

import tinycss2
from tinycss2.ast import AtRule, Node, QualifiedRule

# At-rules that hold rules.
GROUPS = frozenset({"media", "supports"})
QUIETLY = {"skip_comments": True, "skip_whitespace": True}


def keep_classes(css: str, classes: Collection[str]) -> str:
    """Keep the rules for these classes, and those for no class at all.

    A rule for several selectors is kept for those that fit; animations go.
    """
    return "".join(_kept(tinycss2.parse_stylesheet(css, **QUIETLY), frozenset(classes)))


def _kept(rules: Iterable[Node], classes: frozenset[str]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            fitting = [one for one in _selectors(rule.prelude) if classes.issuperset(_names(one))]
            if fitting:
                selectors = ",".join(tinycss2.serialize(one).strip() for one in fitting)
                yield f"{selectors}{{{tinycss2.serialize(rule.content)}}}"
        elif isinstance(rule, AtRule):
            yield from _kept_group(rule, classes)


def _kept_group(rule: AtRule, classes: frozenset[str]) -> Iterator[str]:
    if rule.content is None or rule.lower_at_keyword not in GROUPS:
        return
    inner = "".join(_kept(tinycss2.parse_rule_list(rule.content, **QUIETLY), classes))
    if inner:
        yield f"@{rule.lower_at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"


def _selectors(prelude: Iterable[Node]) -> list[list[Node]]:
    """Divide what stands before a rule at its commas."""
    found: list[list[Node]] = [[]]
    for piece in prelude:
        if piece == ",":
            found.append([])
        else:
            found[-1].append(piece)
    return found


def _names(selector: Iterable[Node]) -> Iterator[str]:
    """Name the classes of a selector, those inside of :not(…) and its like too."""
    is_class = False
    for piece in selector:
        if is_class and piece.type == "ident":
            yield piece.value
        if piece.type == "function":
            yield from _names(piece.arguments)
        is_class = piece == "."
