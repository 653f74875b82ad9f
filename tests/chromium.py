"""Where the browser of the tests is: `CHROMIUM`, or one that is installed."""

import os
import shutil

import pytest

# The one without windows of its own does the same with less.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
ADVICE = "no Chromium: apt-get install chromium fonts-noto-cjk, or set CHROMIUM"


def find_chromium() -> str | None:
    """Return the program, None when there is none.

    Raises:
        pytest.UsageError: CHROMIUM names something that cannot be run.
    """
    named = os.environ.get("CHROMIUM")
    if not named:
        return next(filter(None, map(shutil.which, NAMES)), None)
    found = shutil.which(named)
    if found is None:
        raise pytest.UsageError(f"CHROMIUM names {named}, which is no program")
    return found
