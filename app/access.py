"""Who may use a route. Every route says so; the server does not start with one that does not."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])

# What a route may ask for, and what that means.
POLICIES = {
    "public": "anybody: the answer holds nothing of anybody",
    "wecom-signature": "WeCom alone: proven by the signature over the body",
    "member": "a member who is signed in and still here",
    "member-of-customer": "a member who is signed in and may see the customer in the address",
    "member-of-group": "a member who is signed in and may see the group in the address",
    "admin": "whoever has a role with the permission that the page, part or action names",
    "metrics-token": "whoever has server.metrics_token, or this machine when none is set",
}


def access(policy: str) -> Callable[[View], View]:
    """State a view's policy."""
    if policy not in POLICIES:
        raise ValueError(f"no such policy: {policy}")

    def stated(view: View) -> View:
        view.banke_access = policy  # type: ignore[attr-defined]  # an attribute of ours on a function
        return view

    return stated


def policy_of(view: Callable[..., Any]) -> str | None:
    """Return the policy that a view states."""
    return getattr(view, "banke_access", None)


def require_policies(app: Flask) -> None:
    """Refuse to start with a route that states none."""
    silent = [name for name, view in app.view_functions.items() if policy_of(view) is None]
    if silent:
        raise RuntimeError(f"routes without a policy: {', '.join(sorted(silent))}")
