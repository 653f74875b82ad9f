"""What sections of the configuration (`app.config`) are, and those that ask for nothing else."""

import re
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

MIN_SECRET_KEY = 16
# The id of the data key that is made of `server.secret_key`.
SERVER_KEY = "server"


class Section(BaseModel):
    """A section: frozen, and of known keys alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Retention(Section):
    """How many days each kind of data is kept (`app.privacy.retentions`); 0: with its customer."""

    # They make out what a customer is to us: without an end unless the corp sets one.
    gone_customers_days: int = Field(default=0, ge=0, le=3650)
    timeline_days: int = Field(default=0, ge=0, le=3650)
    note_days: int = Field(default=0, ge=0, le=3650)
    loss_note_days: int = Field(default=0, ge=0, le=3650)
    # Only while it can be restored is a removed one of use.
    removed_note_days: int = Field(default=30, ge=2, le=3650)
    draft_days: int = Field(default=90, ge=1, le=3650)
    reminder_days: int = Field(default=365, ge=1, le=3650)
    inbox_days: int = Field(default=30, ge=1, le=3650)
    inbox_failed_days: int = Field(default=180, ge=1, le=365)
    delivery_text_days: int = Field(default=90, ge=1, le=3650)
    # An event may be worked again for a year: what was sent for it must outlive that.
    delivery_days: int = Field(default=1095, ge=366, le=3650)
    # Longer than a card says that something has failed: a later success must outlive that.
    push_days: int = Field(default=90, ge=8, le=3650)
    batch_days: int = Field(default=90, ge=1, le=3650)
    sync_days: int = Field(default=365, ge=1, le=3650)
    library_removed_days: int = Field(default=30, ge=1, le=3650)
    upload_days: int = Field(default=30, ge=1, le=3650)


class Marketing(Section):
    """Who may be sent an offer: whoever agreed.

    `unasked_allowed`: whoever never said anything, too. Nobody may who refused.
    """

    unasked_allowed: bool = False


class Sync(Section):
    """When all customers are compared with WeCom, and when what is missing is not believed.

    `nightly_at`: the corp's time, "" never. Nobody here for `downtime_minutes`: they are compared
    as soon as somebody is. More than `held_percent` of one member's customers missing at once are
    held back for an admin to look at.
    """

    nightly_at: str | None = Field(default="03:00", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")
    downtime_minutes: int = Field(default=10, ge=2, le=1440)
    held_percent: int = Field(default=20, ge=1, le=100)


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
