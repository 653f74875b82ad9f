"""`flask assets`: fetch the front-end files that others make, as assets.toml and the lock file say.

npm fetches and checks them, ours or the one of a wheel in the venv; nothing of theirs is ever run.
A style sheet is cut down to the `classes` that assets.toml names.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from app.assets import MANIFEST, VENDOR
from app.cli import css
from app.cli.css import keep_classes
from app.cli.tools import in_words, refuse, speak_as_terminal
from app.i18n import N_, _

ROOT = Path(__file__).parent.parent.parent
SOURCES = ("package.json", "package-lock.json", "assets.toml", ".npmrc")
LICENCES = "licences.txt"
HALF_DONE = ".new-"
NPM_SECONDS = 600
CODE = re.compile(r"^npm (?:error|ERR!) code (\S+)", re.MULTILINE)

MIRROR = N_(
    "连不上 npm 的软件包源（{code}）。请检查网络和代理；"
    "也可以换一个镜像：npm config set registry <镜像地址>。然后再执行 make setup。"
)
CERTIFICATE = N_(
    "不信任软件包源的证书（{code}）。请用环境变量 NODE_EXTRA_CA_CERTS 指明公司的根证书，"
    "然后再执行 make setup。"
)
TAMPERED = N_(
    "下载的包与 package-lock.json 里的校验和不符（{code}），没有使用它。"
    "请清空 npm 的缓存（npm cache clean --force）或换一个镜像再试；"
    "若仍然如此，请勿绕过，先查明原因。"
)
ABSENT = N_(
    "软件包源里没有 package-lock.json 要求的版本（{code}）。请换一个镜像再执行 make setup。"
)
UNEQUAL = N_(
    "package.json 与 package-lock.json 不一致（{code}）。"
    "请还原这两个文件，或用 npm install --package-lock-only 重新锁定。"
)
DISK = N_("写不进临时文件夹或 npm 的缓存（{code}）。请检查磁盘空间和权限。")
UNKNOWN = N_("npm 没有成功（{code}），它的原话如下：")

# npm's and Node's words for what went wrong, and ours for what to do.
ADVICE = {
    "EINTEGRITY": TAMPERED,
    "E404": ABSENT,
    "ETARGET": ABSENT,
    "ENOVERSIONS": ABSENT,
    "EUSAGE": UNEQUAL,
    "EJSONPARSE": UNEQUAL,
    "ENOSPC": DISK,
    "EACCES": DISK,
    "EROFS": DISK,
    "DEPTH_ZERO_SELF_SIGNED_CERT": CERTIFICATE,
    "SELF_SIGNED_CERT_IN_CHAIN": CERTIFICATE,
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY": CERTIFICATE,
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE": CERTIFICATE,
    "EAI_AGAIN": MIRROR,
    "ECONNREFUSED": MIRROR,
    "ECONNRESET": MIRROR,
    "EHOSTUNREACH": MIRROR,
    "ENETUNREACH": MIRROR,
    "ENOTFOUND": MIRROR,
    "ERR_INVALID_URL": MIRROR,
    "ERR_SOCKET_TIMEOUT": MIRROR,
    "ETIMEDOUT": MIRROR,
}


@click.command()
@in_words
def assets() -> None:
    """Fetch the front-end files that pages need; does nothing when they are there."""
    speak_as_terminal()
    # They hold no secret, and the server may run as somebody else.
    os.umask(0o022)
    bring_assets(ROOT, VENDOR)


COMMANDS = (assets,)


def bring_assets(root: Path, vendor: Path) -> None:
    """Make `vendor` hold what the files in `root` say; npm is run only when it does not yet."""
    fingerprint = _fingerprint(root)
    if not _is_current(vendor, fingerprint):
        npm = _find_npm()
        click.echo(_("正在获取前端文件……"))
        with tempfile.TemporaryDirectory(prefix="banke-assets-") as folder:
            _fetch(npm, root, Path(folder))
            _install(Path(folder), vendor, fingerprint)
    files = _manifest(vendor)["files"]
    size = sum((vendor / name).stat().st_size for name in files)
    click.echo(_("{count} 个前端文件，{size} KB", count=len(files), size=round(size / 1000)))


def _fingerprint(root: Path) -> str:
    content = b"\0".join((root / name).read_bytes() for name in SOURCES)
    # How it cuts them down counts as they do.
    content += Path(css.__file__).read_bytes()
    return hashlib.sha256(content).hexdigest()


def _is_current(vendor: Path, fingerprint: str) -> bool:
    manifest = _manifest(vendor)
    if manifest.get("fingerprint") != fingerprint:
        return False
    try:
        return all(
            entry["integrity"] == _integrity((vendor / name).read_bytes())
            for name, entry in manifest["files"].items()
        )
    except FileNotFoundError:
        return False


def _manifest(vendor: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((vendor / MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return manifest


def _integrity(content: bytes) -> str:
    return "sha384-" + b64encode(hashlib.sha384(content).digest()).decode()


def _find_npm() -> Path:
    found = shutil.which("npm", path=_environment()["PATH"])
    if found is None:
        refuse(_("没有找到 npm。请执行 make setup：它会把 npm 装进 .venv，不需要系统里有 Node。"))
    return Path(found)


def _environment() -> dict[str, str]:
    """Return our environment, certificates and proxies and all, with the venv's programs first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path}


def _fetch(npm: Path, root: Path, folder: Path) -> None:
    for name in SOURCES:
        shutil.copyfile(root / name, folder / name)
    try:
        done = subprocess.run(  # noqa: S603 -- npm, with arguments of our own
            [npm, "ci", "--ignore-scripts", "--loglevel=error"],
            cwd=folder,
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=NPM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        refuse(_(MIRROR, code=f"> {NPM_SECONDS} s"))
    if done.returncode != 0:
        _refuse_for(done.stderr)


def _refuse_for(said: str) -> NoReturn:
    named = CODE.search(said)
    code = named[1] if named else "?"
    # 401, 403, 407 and the 5xx come from a proxy or a mirror as E403 and so on.
    advice = ADVICE.get(code, MIRROR if re.fullmatch(r"E[45]\d\d", code) else UNKNOWN)
    more = f"\n{said[-1000:].strip()}" if advice is UNKNOWN else ""
    refuse(_(advice, code=code) + more)


def _install(fetched: Path, vendor: Path, fingerprint: str) -> None:
    """Put the files in place one by one, each at once; the manifest comes last."""
    content = _gather(fetched, fingerprint)
    vendor.mkdir(parents=True, exist_ok=True)
    for name, body in content.items():
        _replace(vendor / name, body)
    for path in vendor.iterdir():
        if path.name not in content and not path.name.startswith(HALF_DONE):
            path.unlink()


def _gather(fetched: Path, fingerprint: str) -> dict[str, bytes]:
    wanted = tomllib.loads((fetched / "assets.toml").read_text(encoding="utf-8"))
    content: dict[str, bytes] = {}
    entries: dict[str, dict[str, str]] = {}
    licences: list[str] = []
    for name, origin in wanted.items():
        package = fetched / "node_modules" / origin["package"]
        about = json.loads((package / "package.json").read_bytes())
        content[name] = _cut_down((package / origin["file"]).read_bytes(), origin)
        entries[name] = {
            "package": origin["package"],
            "version": about["version"],
            "licence": about["license"],
            "integrity": _integrity(content[name]),
        }
        licences.append(_licence(entries[name], package, origin))
    content[LICENCES] = "\n\n".join(licences).encode()
    manifest = {"fingerprint": fingerprint, "files": entries}
    content[MANIFEST] = json.dumps(manifest, indent=2).encode() + b"\n"
    return content


def _cut_down(body: bytes, origin: Mapping[str, Any]) -> bytes:
    if "classes" not in origin:
        return body
    return keep_classes(body.decode(), origin["classes"]).encode()


def _licence(entry: Mapping[str, str], package: Path, origin: Mapping[str, Any]) -> str:
    """Return the text that must travel with the files of this package."""
    heading = f"{entry['package']} {entry['version']}: {entry['licence']}"
    named = origin.get("licence", [])
    files = [named] if isinstance(named, str) else named
    text = "\n\n".join((package / file).read_text("utf-8") for file in files)
    return f"{heading}\n{'=' * len(heading)}\n{text}"


def _replace(path: Path, body: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=HALF_DONE, delete=False) as new:
        new.write(body)
    Path(new.name).chmod(0o644)
    Path(new.name).replace(path)
