"""What every section of the configuration is, and the one of the keys of sensitive data."""

import re
from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator, model_validator

MIN_SECRET_KEY = 16
# The id of the data key that is made of `server.secret_key`.
SERVER_KEY = "server"


class Section(BaseModel):
    """A section: every key is known, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Privacy(Section):
    """The keys under which phone numbers and other sensitive fields lie; see `app.data_keys`.

    `keys` by their ids; what is written is sealed under `current`, the others still open what was
    sealed under them. `index_key` stands in for `server.secret_key` where a digest must outlive it:
    what phones are found by, the tombstones of who was erased, the chain of the audit log.
    """

    current: str = SERVER_KEY
    keys: dict[str, SecretStr] = {}
    index_key: SecretStr | None = None

    @field_validator("keys")
    @classmethod
    def _sound_keys(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, key in value.items():
            if name == SERVER_KEY or not re.fullmatch(r"[a-z][a-z0-9_-]{0,15}", name):
                raise ValueError(
                    f"{name!r} must be a letter and up to 15 of a-z 0-9 _ -, and not {SERVER_KEY!r}"
                )
            if len(key.get_secret_value()) < MIN_SECRET_KEY:
                raise ValueError(
                    f"{name!r} must have {MIN_SECRET_KEY} characters or more, "
                    "such as: openssl rand -hex 32"
                )
        return value

    @field_validator("index_key")
    @classmethod
    def _long_index_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_SECRET_KEY:
            raise ValueError(f"must have {MIN_SECRET_KEY} characters or more")
        return value

    @model_validator(mode="after")
    def _has_the_current_one(self) -> Self:
        if self.current not in {SERVER_KEY, *self.keys}:
            raise ValueError(f"current: there is no {self.current!r} in privacy.keys")
        return self
