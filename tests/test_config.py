"""The configuration: every fault is named by its key, and no value of a secret is ever shown."""

from pathlib import Path
from typing import Any

import pytest

from app.config import Config, load_config
from app.data_keys import build_keys
from app.errors import ConfigError
from tests import settings


def load(folder: Path, environment: dict[str, str] | None = None, **changes: Any) -> Config:
    tree = settings.settings(folder, **changes)
    return load_config(settings.write_toml(folder / "config.toml", tree), environment or {})


def test_a_complete_file_is_read(tmp_path: Path) -> None:
    assert load(tmp_path).wecom.corp_id == settings.CORP_ID


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("server", {"base_url": "http://scrm.example.com"}, "server.base_url: must be https"),
        ("server", {"base_url": "scrm.example.com"}, "server.base_url: must be an address"),
        ("server", {"base_url": "https://a..example"}, "server.base_url: must name a host"),
        ("server", {"base_url": "https://.a.example"}, "server.base_url: must name a host"),
        ("server", {"base_url": "https://a.example:99999"}, "server.base_url: Port out of range"),
        ("server", {"base_url": "https://a.example/banke"}, "server.base_url: must be the root"),
        ("server", {"base_url": "https://a.example/?x=1"}, "server.base_url: must be a bare"),
        ("server", {"secret_key": "short"}, "server.secret_key: must have 16 characters"),
        ("server", {"listen": "8000"}, "server.listen: must be"),
        ("server", {"time_zone": "Mars/Olympus"}, "server.time_zone: must be the name"),
        ("server", {"language": "fr"}, "server.language:"),
        ("server", {"bsae_url": "x"}, "server.bsae_url: there is no such key"),
        ("database", {"url": "oracle://x"}, "database.url: must begin with"),
        ("database", {"url": "nonsense"}, "database.url: is no database address"),
        ("redis", {"url": "http://x"}, "redis.url: must be"),
        ("wecom", {"agent_id": 0}, "wecom.agent_id:"),
        ("wecom", {"secret": " "}, "wecom.secret: must not be empty"),
        ("wecom", {"api_base": "http://qyapi.example.com"}, "wecom.api_base: must be https"),
        ("callbacks", {"App": {"token": "a", "aes_key": "a" * 43}}, "callbacks: 'App' must be"),
        (
            "callbacks",
            {"app": {"token": "a!", "aes_key": "a" * 43}},
            "callbacks.app.token: must be 1",
        ),
        (
            "callbacks",
            {"app": {"token": "a", "aes_key": ""}},
            "callbacks.app.aes_key: must be exactly",
        ),
        (
            "callbacks",
            {"app": {"token": "a", "aes_key": "a" * 42}},
            "callbacks.app.aes_key: must be",
        ),
        (
            "callbacks",
            {"app": {"token": "a", "aes_key": "a" * 44}},
            "callbacks.app.aes_key: must be",
        ),
        ("callbacks", {"app": {"token": "a", "aes_key": "a" * 42 + "="}}, "callbacks.app.aes_key:"),
        ("callbacks", {"app": {"token": "a", "aes_key": "a" * 42 + "$"}}, "callbacks.app.aes_key:"),
        ("alerts", {"grace_seconds": -1}, "alerts.grace_seconds:"),
        ("alerts", {"mass_loss_above": 0}, "alerts.mass_loss_above:"),
        ("alerts", {"mass_loss_minutes": 1441}, "alerts.mass_loss_minutes:"),
        ("alerts", {"mass_losses": 3}, "alerts.mass_losses: there is no such key"),
        ("alerts", {"quiet_hours": "25:00-08:00"}, "alerts.quiet_hours:"),
        ("alerts", {"quiet_hours": "08:00-08:00"}, "alerts.quiet_hours: must end"),
        ("nonsense", {"x": 1}, "nonsense: there is no such key"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, section: str, values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, **{section: values})
    assert said in str(caught.value)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, server={"listen": "x", "base_url": "y"}, redis={"url": "z"})
    assert all(
        key in str(caught.value) for key in ("server.listen", "server.base_url", "redis.url")
    )


def test_a_fault_shows_no_value(tmp_path: Path) -> None:
    canary = "canary!canary"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, callbacks={"app": {"token": canary, "aes_key": canary}})
    assert canary not in str(caught.value)


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, {"BANKE_SERVER__LISTEN": "0.0.0.0:80"}).server.listen == "0.0.0.0:80"


def test_a_misspelt_variable_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="servr: there is no such key"):
        load(tmp_path, {"BANKE_SERVR__LISTEN": "0.0.0.0:80"})


def test_a_receiver_may_come_from_the_environment_alone(tmp_path: Path) -> None:
    environment = {"BANKE_CALLBACKS__CRM__TOKEN": "abc", "BANKE_CALLBACKS__CRM__AES_KEY": "a" * 43}
    assert set(load(tmp_path, environment).callbacks) == {"app", "crm"}


def test_a_list_in_the_environment_is_split_at_commas(tmp_path: Path) -> None:
    assert load(tmp_path, {"BANKE_ALERTS__ADMINS": "lisi, zhaoyi"}).alerts.admins == (
        "lisi",
        "zhaoyi",
    )


def test_a_secret_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the mounted file\n")
    config = load(tmp_path, {"BANKE_WECOM__SECRET_FILE": str(secret)})
    assert config.wecom.secret.get_secret_value() == "from the mounted file"


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"wecom\.secret_file: cannot read the file"):
        load(tmp_path, {"BANKE_WECOM__SECRET_FILE": str(tmp_path / "nowhere")})


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Copy config\.example\.toml"):
        load_config(tmp_path / "config.toml", {})


def test_a_moved_clock_is_refused_for_the_real_wecom(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clock_file is only for a sandbox"):
        load(
            tmp_path,
            wecom={"clock_file": "clock", "api_base": "https://qyapi.weixin.qq.com"},
        )


def test_an_address_is_spelled_as_browsers_spell_it(tmp_path: Path) -> None:
    config = load(tmp_path, server={"base_url": "HTTPS://Scrm.Example.com/"})
    assert config.server.base_url == "https://scrm.example.com"


def test_data_keys_come_from_files_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a data key of next year\n")
    environment = {
        "BANKE_PRIVACY__CURRENT": "k2027",
        "BANKE_PRIVACY__KEYS__K2027_FILE": str(tmp_path / "key"),
        "BANKE_PRIVACY__INDEX_KEY": "what digests hang on",
    }
    config = load(tmp_path, environment)
    assert build_keys(config).names == {"server", "k2027"}
    assert config.privacy.keys["k2027"].get_secret_value() == "a data key of next year"
    assert config.index_key == "what digests hang on"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"current": "k2027"}, "there is no 'k2027'"),
        ({"keys": {"server": "a key that is long enough"}}, "and not 'server'"),
        ({"keys": {"2027": "a key that is long enough"}}, "must be a letter"),
        ({"keys": {"k2027": "short"}}, "16 characters or more"),
        ({"index_key": "short"}, "16 characters or more"),
    ],
)
def test_data_keys_that_would_not_do_are_named(
    tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        load(tmp_path, privacy=values)
    assert "short" not in str(refused.value)
