"""`flask doctor` says which data key is missing or another, and who can read the keys' files."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import Config
from app.doctor.exam import Exam, Finding, Mark
from app.doctor.keys import check_data_keys, check_key_files
from app.privacy.sealing import begin_anew, seal_what_is_left
from app.runtime import Runtime, build_runtime
from tests.privacy.sealed import keep, kept, lie_in_clear
from tests.settings import make_config, settings, write_toml

__all__ = ["kept"]

OLD, NEW, OTHER = (
    "an old secret of thirty-two characters",
    "a new secret of 2027, as long",
    "x" * 40,
)


def configure(folder: Path, runtime: Runtime, current: str, **keys: str) -> Config:
    """Return the runtime's configuration with these data keys."""
    url = runtime.db.url.render_as_string(hide_password=False)
    privacy = {"current": current, "keys": keys}
    return make_config(folder, database={"url": url}, privacy=privacy)


def look(config: Config) -> list[Finding]:
    exam = Exam(config)
    found = list(check_data_keys(exam))
    exam.close()
    return found


def seal(config: Config) -> None:
    """Have everything sealed under its current key."""
    runtime = build_runtime(config)
    seal_what_is_left(runtime)
    runtime.db.close()


def test_a_key_that_was_taken_out_too_early_is_named(tmp_path: Path, kept: Runtime) -> None:
    seal(configure(tmp_path, kept, "k2026", k2026=OLD))
    [found] = look(configure(tmp_path, kept, "k2027", k2027=NEW))
    assert found.mark is Mark.BAD
    assert "数据密钥「k2026」加密的，配置里没有这把密钥" in found.words
    [found] = look(configure(tmp_path, kept, "k2027", k2026=OLD, k2027=NEW))
    assert found.mark is Mark.NOTE
    assert "旧密钥（「k2026」）加密，后台会逐步换成 「k2027」" in found.words
    seal(configure(tmp_path, kept, "k2027", k2026=OLD, k2027=NEW))
    [found] = look(configure(tmp_path, kept, "k2027", k2027=NEW))
    assert found.mark is Mark.GOOD
    assert found.words.endswith("处都能读出，用 「k2027」 加密")


def test_another_secret_under_the_same_name_is_told_from_a_missing_one(
    tmp_path: Path, runtime: Runtime
) -> None:
    runtime.db.commit(keep)
    seal(configure(tmp_path, runtime, "k2026", k2026=OLD))
    [found] = look(configure(tmp_path, runtime, "k2026", k2026=OTHER))
    assert found.mark is Mark.BAD
    assert "「k2026」打不开，它和加密时的不是同一把" in found.words


def test_a_server_secret_that_was_changed_is_told(tmp_path: Path, runtime: Runtime) -> None:
    runtime.db.commit(keep)
    url = runtime.db.url.render_as_string()
    server = {"base_url": "http://127.0.0.1:8000", "secret_key": OTHER}
    [found] = look(make_config(tmp_path, database={"url": url}, server=server))
    assert found.mark is Mark.BAD
    assert "server.secret_key 打不开" in found.words


def test_what_still_lies_in_clear_is_said(runtime: Runtime) -> None:
    [found] = look(runtime.config)
    assert found.words == "还没有加密的内容；以后用 server.secret_key 加密"
    with runtime.db.write() as session:
        keep(session)
        lie_in_clear(session)
        begin_anew(session)
    [found] = look(runtime.config)
    assert found.mark is Mark.NOTE
    assert "等着加密" in found.words


@pytest.fixture
def public() -> Iterator[Path]:
    """Give a folder that every account of the machine may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_file_of_keys_that_others_can_read_is_named_with_what_to_do(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file, tree = public / "data_key", settings(public)
    key_file.write_text(f"{OLD}\n", encoding="utf-8")
    tree["privacy"] = {"current": "k2026", "keys": {"k2026_file": str(key_file)}}
    path = write_toml(public / "config.toml", tree)
    monkeypatch.setenv("BANKE_CONFIG", str(path))
    config = make_config(public, **tree)
    for one in (path, key_file):
        one.chmod(0o644)

    def loose() -> list[str]:
        exam = Exam(config)
        found = [one for one in check_key_files(exam) if one.mark is Mark.NOTE]
        exam.close()
        assert all(f"chmod 600 {public / one.about}" in one.words for one in found)
        return [one.about for one in found]

    assert loose() == ["config.toml", "data_key"]
    path.chmod(0o600)
    assert loose() == ["data_key"]
    public.chmod(0o700)
    assert loose() == []
