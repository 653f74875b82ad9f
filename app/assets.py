"""Front-end files: where they lie, how they are addressed, how they are served.

A name is `<root>/<file>`; a root is one folder: `vendor` (what `flask assets` fetched), and those
that the doors bring. Only files found by listing such a folder are served, so no address leads out.
A bundle, `bundle/<file>`, is several files in one: a page asks once for what it always needs whole.
"""

import gzip
import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request

from app.access import access

VENDOR = Path(__file__).parent / "static" / "vendor"
MANIFEST = "manifest.json"

# A folder may hold code beside its front-end files; what is not in this table is not served.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
PACKED = frozenset({".css", ".js", ".svg", ".txt"})
FOR_EVER = "public, max-age=31536000, immutable"
EXTENSION = "banke_assets"

bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """One file as it is served; `packed` is its gzip, when its type gains from one."""

    stamp: tuple[int, ...]
    content_type: str
    body: bytes
    packed: bytes | None
    digest: str


class Shelf:
    """The files of some folders, each read once and again when it has changed on the disk."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}
        self._bundles: dict[str, tuple[str, ...]] = {}
        self._assets: dict[str, Asset] = {}
        self._lock = threading.Lock()

    def add(self, roots: Mapping[str, Path], bundles: Mapping[str, Sequence[str]]) -> None:
        """Serve the files of these folders too, and bundles of such files."""
        self._folders |= roots
        self._bundles |= {f"bundle/{file}": tuple(names) for file, names in bundles.items()}

    def find(self, name: str) -> Asset | None:
        """Return a file that lies in one of the folders, or a bundle.

        Raises:
            LookupError: a file of a bundle is not there.
        """
        if name in self._bundles:
            return self._bundle(name)
        root, _, file = name.rpartition("/")
        suffix = Path(file).suffix
        if suffix not in TYPES or file not in self.files_of(root):
            return None
        try:
            return self._fresh(name, self.path_of(root, file))
        except FileNotFoundError:
            return None

    def files_of(self, root: str) -> set[str]:
        """Return what a folder holds now; a link is no file of it."""
        folder = self._folders.get(root)
        if folder is None or not folder.is_dir():
            return set()
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}

    def path_of(self, root: str, file: str) -> Path:
        """Return where a file lies that a folder holds."""
        return self._folders[root] / file

    def _bundle(self, name: str) -> Asset:
        parts = []
        for part in self._bundles[name]:
            asset = self.find(part)
            if asset is None:
                raise LookupError(f"no such front-end file: {part}")
            parts.append(asset)
        stamp = tuple(number for part in parts for number in part.stamp)
        return self._kept(name, stamp, lambda: b"".join(part.body for part in parts))

    def _fresh(self, name: str, path: Path) -> Asset:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        return self._kept(name, stamp, path.read_bytes)

    def _kept(self, name: str, stamp: tuple[int, ...], read: Callable[[], bytes]) -> Asset:
        known = self._assets.get(name)
        if known is not None and known.stamp == stamp:
            return known
        # One thread packs a file; the others wait for it instead of doing the same.
        with self._lock:
            known = self._assets.get(name)
            if known is None or known.stamp != stamp:
                known = self._assets[name] = _asset(read(), stamp, Path(name).suffix)
            return known


def register_assets(
    app: Flask, roots: Mapping[str, Path], bundles: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Serve `vendor` and these folders under /static/; each door may bring its own.

    `bundles`: by file, the names of what it consists of, in order.
    """
    shelf = app.extensions.get(EXTENSION)
    if shelf is None:
        shelf = app.extensions[EXTENSION] = Shelf()
        shelf.add({"vendor": VENDOR}, {})
        app.register_blueprint(bp)
        app.jinja_env.globals["asset_url"] = asset_url
    shelf.add(roots, bundles or {})


def asset_url(name: str) -> str:
    """Return the address of a file, which changes with its content.

    Raises:
        LookupError: a file of our own is misspelt. A vendor file that was not fetched yet has an
            address that answers 404: the page itself says what to do (`assets_ready`).
    """
    asset = _shelf().find(name)
    if asset is None:
        if name.startswith("vendor/"):
            return f"/static/{name}"
        raise LookupError(f"no such front-end file: {name}")
    return f"/static/{name}?v={asset.digest[:12]}"


def assets_ready() -> bool:
    """Tell whether this application's vendor files are there."""
    return is_complete(_shelf().path_of("vendor", MANIFEST).parent)


def is_complete(folder: Path = VENDOR) -> bool:
    """Tell whether the vendor files are there; if not, `flask assets` fetches them."""
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())["files"]
    except FileNotFoundError:
        return False
    return all((folder / name).is_file() for name in listed)


@bp.get("/static/<path:name>")
@access("public")
def serve_asset(name: str) -> Response:
    """Answer with a file: for ever under an address that fits its content, else to be asked for."""
    asset = _shelf().find(name)
    if asset is None:
        abort(404)
    response = Response(asset.body, content_type=asset.content_type)
    if asset.packed is not None:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") > 0:
            response.data = asset.packed
            response.content_encoding = "gzip"
    fits = request.args.get("v") == asset.digest[:12]
    response.headers["Cache-Control"] = FOR_EVER if fits else "no-cache"
    # Weak: packed and plain are one content in two coats.
    response.set_etag(asset.digest[:32], weak=True)
    response.make_conditional(request)
    return response


def _asset(body: bytes, stamp: tuple[int, ...], suffix: str) -> Asset:
    packed = gzip.compress(body, 9, mtime=0) if suffix in PACKED else None
    return Asset(stamp, TYPES[suffix], body, packed, hashlib.sha256(body).hexdigest())


def _shelf() -> Shelf:
    shelf: Shelf = current_app.extensions[EXTENSION]
    return shelf
