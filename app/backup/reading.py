"""Reading a backup: whether it is one, whole, and of this corp and key; and its rows."""

import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from app.backup.form import (
    FORM,
    MANIFEST,
    SEAL_PURPOSE,
    SEALED,
    Manifest,
    TableNote,
    read_row,
)
from app.data_keys import BoxShut, DataKeys
from app.errors import Refused
from app.i18n import _
from app.schema import MIGRATIONS
from app.seal import SealBroken, Sealer

# What a damaged file makes of the library that reads it.
BROKEN = (KeyError, BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


class Backup:
    """A backup that is open for reading."""

    def __init__(self, archive: ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest

    def verify(self) -> None:
        """Read all of it once: every sum, every count.

        Raises:
            Refused: it is damaged.
        """
        for note in self.manifest.tables:
            try:
                with self._archive.open(note.member) as lines:
                    count = sum(1 for _line in lines)
            except BROKEN:
                count = -1
            if count != note.rows:
                raise Refused(_("备份文件已损坏（{table}）", table=note.name))

    def require_ours(self, *, corp_id: str, sealer: Sealer, keys: DataKeys) -> None:
        """See that it belongs to this corp, these keys and this version.

        Raises:
            Refused: it does not, and what would do.
        """
        made = self.manifest
        if made.form != FORM or not (MIGRATIONS / "versions" / f"{made.revision}.py").exists():
            raise Refused(
                _("备份来自更新的版本（{revision}），请先升级程序", revision=made.revision)
            )
        if made.corp_id != corp_id:
            raise Refused(_("这是另一家企业的备份（{corp_id}）", corp_id=made.corp_id))
        try:
            is_ours = sealer.open(b64decode(made.seal), purpose=SEAL_PURPOSE) == SEALED
        except (SealBroken, ValueError):
            is_ours = False
        if not is_ours:
            raise Refused(
                _("server.secret_key 不是做备份时的那一个：请把当时的密钥写回配置文件，再恢复")
            )
        try:
            keys.open(made.data_seal, place=SEAL_PURPOSE)
        except BoxShut:
            name = made.data_seal.partition(":")[0]
            raise Refused(
                _("缺少做备份时的数据密钥「{name}」：请写回配置文件的 [privacy.keys]", name=name)
            ) from None
        if keys.digest(SEALED.decode(), purpose=SEAL_PURPOSE) != made.index_mark:
            raise Refused(
                _("privacy.index_key 不是做备份时的那一个：请把当时的密钥写回配置文件，再恢复")
            )

    def read_rows(self, note: TableNote) -> Iterator[dict[str, Any]]:
        """Read the rows of a table, one after the other."""
        with self._archive.open(note.member) as lines:
            for line in lines:
                yield read_row(line, note)


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open the backup at `path`.

    Raises:
        Refused: it cannot be read, or is none.
    """
    try:
        archive = ZipFile(path)
    except OSError as error:
        raise Refused(
            _("读不了「{name}」：{why}", name=path.name, why=error.strerror or "")
        ) from None
    except (BadZipFile, ValueError):
        raise Refused(_("「{name}」不是完整的备份文件", name=path.name)) from None
    with archive:
        try:
            manifest = Manifest.model_validate_json(archive.read(MANIFEST))
        except BROKEN:
            raise Refused(_("「{name}」不是完整的备份文件", name=path.name)) from None
        yield Backup(archive, manifest)
