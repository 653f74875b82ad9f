"""`make demo`, from start to the end of its story: for CI, where nobody presses Ctrl-C."""

import subprocess
import sys

from tests.deployment import ROOT, free_port

SECONDS = 120


def main() -> int:
    """Run the demo until its story is told; return its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "demo", "--once", "--port", str(free_port())],
        cwd=ROOT,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
