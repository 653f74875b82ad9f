"""What was measured, and the table of it."""

import json
import os
import platform
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

WIDTHS = (4, 51, 22, 12, 8)
RESULTS = Path("var") / "bench"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: `met` None means reported without a budget; `invalid` says why it does not count."""

    measure: str
    what: str
    value: str
    budget: str = ""
    met: bool | None = None
    invalid: str = ""
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Say how it stands to its budget."""
        if self.invalid:
            return "INVALID"
        return {True: "met", False: "NOT MET", None: "reported"}[self.met]


class Report:
    """Collects the figures, prints them as they come, and writes them down at the end."""

    def __init__(self, *, limit: float) -> None:
        self.figures: list[Figure] = []
        self._began = time.monotonic()
        self._limit = limit

    def has_time_for(self, seconds: float, what: str) -> bool:
        """Tell whether that much time is left; if not, the table says what was left out."""
        if time.monotonic() - self._began + seconds <= self._limit:
            return True
        self.add(Figure(measure="", what=what, value="not run: out of time"))
        return False

    def section(self, title: str) -> None:
        """Begin a part of the table, with how busy others keep the machine at this moment."""
        busy = psutil.cpu_percent(interval=0.4)
        load = os.getloadavg()[0]
        seconds = time.monotonic() - self._began
        note = f"after {seconds:.0f} s; others use {busy:.0f} % of the CPUs, load {load:.1f}"
        self.figures.append(Figure(measure="", what=title, value=note))
        print(f"\n{title}\n     ({note})", flush=True)  # noqa: T201 -- the table is the product

    def add(self, *figures: Figure) -> None:
        """Put rows into the table."""
        for figure in figures:
            self.figures.append(figure)
            cells = (figure.measure, figure.what, figure.value, figure.budget, figure.mark)
            print(_line(cells), flush=True)  # noqa: T201 -- the table is the product
            if figure.invalid:
                print(f"     ^ {figure.invalid}", flush=True)  # noqa: T201 -- the same

    def write(self) -> Path:
        """Write everything to a JSON file and return its path."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / time.strftime("%Y%m%d-%H%M%S.json")
        content = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
            "seconds": round(time.monotonic() - self._began, 1),
            "figures": [asdict(figure) | {"mark": figure.mark} for figure in self.figures],
        }
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        return path


def print_head(text: str) -> None:
    """Print the lines above the table and its column titles."""
    print(text)  # noqa: T201 -- the table is the product
    print(_line(("", "measure", "figure", "budget", "mark")))  # noqa: T201 -- the same


def _line(cells: tuple[str, ...]) -> str:
    number, what, value, budget, mark = WIDTHS
    return (
        f"{cells[0]:<{number}} {cells[1]:<{what}} {cells[2]:>{value}} "
        f"{cells[3]:>{budget}} {cells[4]:>{mark}}"
    )
