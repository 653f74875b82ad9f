"""Configuration: `config.toml`, overridden by `BANKE_<SECTION>__<KEY>`, frozen once read.

The path comes from `BANKE_CONFIG` (default `config.toml`). Every key may be given as `<key>_file`
instead: the value is then the content of that file, as mounted secrets are. Whatever is wrong is
said at once, each fault with its key; unknown keys are refused, in the file and the environment.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.errors import ConfigError
from app.sections import MIN_SECRET_KEY, Marketing, Privacy, Retention, Section, Sync

PREFIX = "BANKE_"
# Variables of ours that are no configuration key: where the file is, and the tests' servers.
NOT_KEYS = ("BANKE_CONFIG", "BANKE_TEST_")
DRIVERS = ("sqlite", "postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql")
HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


def is_loopback(url: str) -> bool:
    """Tell whether `url` names this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _base_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://scrm.example.com")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("must be a bare address, without user, query or fragment")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("must be https (plain http is only for 127.0.0.1 and localhost)")
    if not _is_host(parts.hostname) or parts.port == 0:
        raise ValueError("must name a host, such as https://scrm.example.com")
    # Spelled as browsers spell it: cookies and signatures compare to the letter.
    return parts._replace(netloc=parts.netloc.lower()).geturl().rstrip("/")


def _is_host(name: str) -> bool:
    try:
        return ":" in name or bool(HOST.fullmatch(name.encode("idna").decode()))
    except UnicodeError:
        return False


def _root_address(url: str) -> str:
    address = _base_address(url)
    if urlsplit(address).path:
        raise ValueError("must be the root of a host: cookies and pages of Banke lie there")
    return address


BaseAddress = Annotated[str, AfterValidator(_base_address)]


class Server(Section):
    """Our own side: the address people reach us at, and where we listen."""

    base_url: Annotated[str, AfterValidator(_root_address)]
    secret_key: SecretStr
    listen: str = "127.0.0.1:8000"
    time_zone: str = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"
    metrics_token: SecretStr | None = None
    domain_files: dict[str, str] = Field(default_factory=dict)
    proxies: int = Field(default=0, ge=0, le=10)

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < MIN_SECRET_KEY:
            raise ValueError(
                f"must have {MIN_SECRET_KEY} characters or more, such as: openssl rand -hex 32"
            )
        return value

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        if not re.fullmatch(r"[^\s:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", value):
            raise ValueError('must be "host:port", such as "127.0.0.1:8000"')
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('must be the name of a time zone, such as "Asia/Shanghai"') from None
        return value

    @field_validator("domain_files")
    @classmethod
    def _domain_file_names(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if not re.fullmatch(r"WW_verify_\w{1,64}\.txt", name):
                raise ValueError(f"{name!r} is not the name of a WW_verify_….txt file")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The corp's time zone, in which people read times."""
        return ZoneInfo(self.time_zone)


class Database(Section):
    """The queue and book of record."""

    url: str = "sqlite:///var/banke.db"

    @field_validator("url")
    @classmethod
    def _known_driver(cls, value: str) -> str:
        try:
            drivername = make_url(value).drivername
        except ArgumentError:
            raise ValueError("is no database address") from None
        if drivername not in DRIVERS:
            raise ValueError(
                "must begin with sqlite:///, postgresql+psycopg:// or mysql+pymysql://"
            )
        return value


class Redis(Section):
    """The doorbell. "embedded": `flask serve` starts one of its own."""

    url: str = "embedded"

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if value != "embedded" and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError('must be "embedded" or redis://host:6379/0')
        return value


class WeCom(Section):
    """The corp (企业), our self-built app (自建应用) in it, and where WeCom is reached."""

    corp_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    agent_id: int = Field(ge=1)
    secret: SecretStr
    api_base: BaseAddress = "https://qyapi.weixin.qq.com"
    oauth_base: BaseAddress = "https://open.weixin.qq.com"
    login_base: BaseAddress = "https://login.work.weixin.qq.com"
    clock_file: Path | None = None

    @field_validator("secret")
    @classmethod
    def _not_empty(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("must not be empty; it stands on the app's page in the console")
        return value

    @model_validator(mode="after")
    def _moved_clock_only_in_the_sandbox(self) -> Self:
        if self.clock_file is not None and not is_loopback(self.api_base):
            raise ValueError("clock_file is only for a sandbox: api_base is not this machine")
        return self


class Receiver(Section):
    """One callback address /callbacks/<name>, with the pair from the console's 接收消息 page."""

    token: SecretStr
    aes_key: SecretStr

    @field_validator("token")
    @classmethod
    def _token_form(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9]{1,32}", value.get_secret_value()):
            raise ValueError("must be 1 to 32 letters and digits (Token in the console)")
        return value

    @field_validator("aes_key")
    @classmethod
    def _aes_key_form(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9]{43}", value.get_secret_value()):
            raise ValueError("must be exactly 43 letters and digits (EncodingAESKey)")
        return value


class Alerts(Section):
    """Who besides the member hears of losses, how long we wait for a customer to come back.

    More than `mass_loss_above` customers whom a member deletes or loses within `mass_loss_minutes`
    are no chance: the admins hear of it. `daily_digest_at`: when yesterday's losses are told each
    day. What an admin sets on the page of alerts goes before all of it (`app.alerting`).
    """

    admins: tuple[str, ...] = ()
    grace_seconds: int = Field(default=20, ge=0, le=86400)
    digest_above: int = Field(default=20, ge=1, le=25)
    mass_loss_above: int = Field(default=10, ge=1, le=1000)
    mass_loss_minutes: int = Field(default=60, ge=1, le=1440)
    quiet_hours: str | None = Field(
        default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"
    )

    daily_digest_at: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")

    @field_validator("quiet_hours")
    @classmethod
    def _end_some_time(cls, value: str | None) -> str | None:
        if value and value[:5] == value[6:]:
            raise ValueError("must end at another time than they begin")
        return value


class Config(Section):
    """The whole configuration."""

    server: Server
    database: Database = Database()
    redis: Redis = Redis()
    wecom: WeCom
    callbacks: dict[str, Receiver] = Field(min_length=1)
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    marketing: Marketing = Marketing()
    sync: Sync = Sync()
    privacy: Privacy = Privacy()

    @property
    def index_key(self) -> str:
        """The secret of digests that must outlive every other key."""
        return (self.privacy.index_key or self.server.secret_key).get_secret_value()

    @property
    def home(self) -> Path:
        """The folder of what this deployment keeps on this machine."""
        url = make_url(self.database.url)
        if url.get_backend_name() == "sqlite" and url.database:
            return Path(url.database).parent
        return Path("var")

    @field_validator("callbacks")
    @classmethod
    def _receiver_names(cls, value: dict[str, Receiver]) -> dict[str, Receiver]:
        for name in value:
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
                raise ValueError(f"{name!r} must be lower-case letters, digits and hyphens")
        return value


def load_config(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration.

    Raises:
        ConfigError: with every fault in one text, none of which holds a value.
    """
    environment = os.environ if environment is None else environment
    path = path or Path(environment.get("BANKE_CONFIG", "config.toml"))
    tree = _read_file(path, environment)
    for keys, value in _from_environment(environment):
        _put(tree, keys, value)
    try:
        return Config.model_validate(_with_files_read(tree, ()))
    except ValidationError as error:
        raise ConfigError(_said_plainly(error, path)) from None


def list_secret_files(environment: Mapping[str, str] | None = None) -> list[Path]:
    """List the files that the configuration is read from: itself, and those of single secrets."""
    environment = os.environ if environment is None else environment
    path = Path(environment.get("BANKE_CONFIG", "config.toml"))
    tree = _read_file(path, environment)
    for keys, value in _from_environment(environment):
        _put(tree, keys, value)
    return [path, *_named_files(tree)]


def _named_files(tree: Mapping[str, Any]) -> Iterator[Path]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _named_files(value)
        elif _is_of_file(key):
            yield Path(str(value))


def _is_of_file(key: str) -> bool:
    return key.endswith("_file") and key != "clock_file"


def _read_file(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if "BANKE_SERVER__BASE_URL" in environment:
            return {}
        raise ConfigError(
            f"{path.name} does not exist. Copy config.example.toml to config.toml and fill it in, "
            "or name another file with BANKE_CONFIG."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise ConfigError(f"{path.name} cannot be read as TOML: {said}") from None


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[list[str], Any]]:
    for name, value in sorted(environment.items()):
        if not name.startswith(PREFIX) or name.startswith(NOT_KEYS):
            continue
        keys = name.removeprefix(PREFIX).lower().split("__")
        yield keys, _as_list(value) if keys == ["alerts", "admins"] else value


def _as_list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        branch = tree.setdefault(key, {})
        if not isinstance(branch, dict):
            raise ConfigError(f"{PREFIX}{'__'.join(keys).upper()} does not name a key")
        tree = branch
    # What the environment says replaces a `…_file` of the file, and the other way round.
    tree.pop(f"{keys[-1]}_file", None)
    tree.pop(keys[-1].removesuffix("_file"), None)
    tree[keys[-1]] = value


def _with_files_read(tree: Any, where: tuple[str, ...]) -> Any:
    """Replace each `<key>_file` by `<key>` with that file's content."""
    if not isinstance(tree, dict):
        return tree
    read: dict[str, Any] = {}
    for key, value in tree.items():
        if not _is_of_file(key):
            read[key] = _with_files_read(value, (*where, key))
            continue
        if key.removesuffix("_file") in tree:
            raise ConfigError(f"{'.'.join((*where, key))} and the key itself are both given")
        try:
            read[key.removesuffix("_file")] = Path(str(value)).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "it holds no text"
            raise ConfigError(f"{'.'.join((*where, key))}: cannot read the file ({said})") from None
    return read


def _said_plainly(error: ValidationError, path: Path) -> str:
    return "\n".join([f"{path.name}:", *(f"  {_one_fault(fault)}" for fault in error.errors())])


def _one_fault(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{key}: there is no such key (config.example.toml lists them all)"
    if fault["type"] == "missing":
        return f"{key}: is missing"
    return f"{key}: {fault['msg'].removeprefix('Value error, ')}"
