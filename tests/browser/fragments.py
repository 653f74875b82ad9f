"""Fragments of the sidebar in a page of it: put into its document as htmx does, under its policy.

What a hostile text could make of itself it does there: scripts in a fragment run, images of it
load, its htmx attributes are heard. `watching` notes what comes of that; here is told how the
fragments read and how they are built.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# Addresses are asked a few at a time. A selector may end in @ and the name of an attribute.
READ = """async ({ asks, selectors, within }) => {
  const { csrfToken } = document.getElementById("panel").dataset;
  const headers = { "HX-Request": "true", "X-CSRF-Token": csrfToken };
  const place = document.createElement("div");
  document.getElementById("panel").append(place);
  const range = document.createRange();
  range.selectNodeContents(place);
  const ask = async ({ path, body }) => {
    const sent = body ? { method: "POST", body: new URLSearchParams(body) } : {};
    return (await fetch(path, { headers, ...sent })).text();
  };
  const textOf = (one, attribute) => {
    if (attribute) return one.getAttribute(attribute);
    return one.matches("input, textarea") ? one.value : one.textContent;
  };
  // A long text is had by keyboard, too.
  const named = (one) => one.getAttributeNames().filter((name) => name !== "tabindex").sort();
  const wayOf = (one) => `${one.tagName}[${named(one)}]`;
  const told = [];
  const show = (html) => {
    const box = document.createElement("div");
    place.append(box);
    box.append(range.createContextualFragment(html));
    window.htmx.process(box);
    const read = (selector) => {
      const [css, attribute] = selector.split("@");
      return [...box.querySelectorAll(css)].map((one) => textOf(one, attribute));
    };
    const ways = [...box.querySelectorAll(`${within}, ${within} *`)].map(wayOf);
    told.push({ texts: selectors.map(read), ways });
  };
  for (let at = 0; at < asks.length; at += 8) {
    (await Promise.all(asks.slice(at, at + 8).map(ask))).forEach(show);
    // Whatever is to come of them comes now.
    await new Promise((done) => { setTimeout(done); });
    place.replaceChildren();
  }
  place.remove();
  return told;
}"""


@dataclass(frozen=True)
class Read:
    """What was read: the texts that each selector found, and the ways in which they are built.

    A way is a list of elements with the names of their attributes; texts that became neither leave
    one way alone.
    """

    texts: Mapping[str, list[str]]
    ways: frozenset[tuple[str, ...]]


def read_fragments(
    page: Page,
    asks: Sequence[str | Mapping[str, Any]],
    *selectors: str,
    within: str = "*",
) -> Read:
    """Put what these addresses answer into the page, one after the other.

    An address alone is read; a mapping has `path` and the `body` that is posted there. `within`:
    where the ways are looked at.
    """
    given = [{"path": ask} if isinstance(ask, str) else dict(ask) for ask in asks]
    wanted = {"asks": given, "selectors": selectors, "within": within}
    told = page.evaluate(READ, wanted)
    texts = {
        selector: [text for one in told for text in one["texts"][at]]
        for at, selector in enumerate(selectors)
    }
    return Read(texts, frozenset(tuple(one["ways"]) for one in told))
