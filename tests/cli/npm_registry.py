"""A package registry of a test's own on 127.0.0.1, for npm: it can lie about what it holds."""

import gzip
import hashlib
import io
import json
import tarfile
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = "1.2.3"


class NpmRegistry:
    """Serves packages of one version each, and counts what it was asked for."""

    def __init__(self) -> None:
        self._tarballs: dict[str, bytes] = {}
        self.asked: list[str] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.asked.append(self.path)
                found = registry.answer(self.path)
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Answer nothing any more."""
        self._server.shutdown()
        self._server.server_close()

    def put(self, name: str, files: dict[str, str]) -> str:
        """Hold this package; return the check sum for a lock file."""
        about = {"name": name, "version": VERSION, "license": "MIT"}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, text in {"package.json": json.dumps(about), **files}.items():
                entry = tarfile.TarInfo(f"package/{path}")
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
        self._tarballs[name] = gzip.compress(packed.getvalue(), mtime=0)
        return integrity(self._tarballs[name])

    def answer(self, path: str) -> bytes | None:
        """Return a package's description or the package."""
        name = path.removeprefix("/").removesuffix(".tgz")
        tarball = self._tarballs.get(name)
        if tarball is None or path.endswith(".tgz"):
            return tarball
        dist = {"tarball": f"{self.address}{name}.tgz", "integrity": integrity(tarball)}
        versions = {VERSION: {"name": name, "version": VERSION, "dist": dist}}
        return json.dumps({"name": name, "versions": versions}).encode()


def integrity(content: bytes) -> str:
    """Return a check sum as a lock file writes it."""
    return "sha512-" + b64encode(hashlib.sha512(content).digest()).decode()


def lock(folder: Path, checks: dict[str, str]) -> None:
    """Write what `flask assets` reads: one file of each package, with these check sums."""
    wanted = dict.fromkeys(checks, VERSION)
    packages: dict[str, Any] = {"": {"name": "test", "dependencies": wanted}}
    for name, check in checks.items():
        packages[f"node_modules/{name}"] = {"version": VERSION, "integrity": check}
    about = {"name": "test", "private": True, "dependencies": wanted}
    locked = {"name": "test", "lockfileVersion": 3, "requires": True, "packages": packages}
    (folder / "package.json").write_text(json.dumps(about))
    (folder / "package-lock.json").write_text(json.dumps(locked))
    (folder / ".npmrc").write_text("audit=false\nfund=false\nfetch-retries=0\n")
    rows = [f'["{n}.js"]\npackage = "{n}"\nfile = "d/{n}.js"\nlicence = "L"\n' for n in checks]
    (folder / "assets.toml").write_text("\n".join(rows))
