"""What the environment says, checked once at the door. Secrets are held so that printing them shows nothing."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from storage.types import NOTICE_ZONE

PUBLIC_API_URL = "https://api.telegram.org"
_PUBLIC_HOST = urlsplit(PUBLIC_API_URL).hostname

_VARIABLES = {
    "DUEWATCH_TELEGRAM_TOKEN": "telegram_token",
    "DUEWATCH_TELEGRAM_API_URL": "telegram_api_url",
    "DUEWATCH_DATABASE_URL": "database_url",
    "DUEWATCH_DATA_DIR": "data_dir",
    "DUEWATCH_NOW": "now",
}


class SettingsError(Exception):
    """The environment holds a value that cannot be used; the message names the variable."""


def _token(value: SecretStr) -> SecretStr:
    """Take a token that can stand in an address; the library's own error would print the address with it."""
    token = value.get_secret_value().strip()
    if not token.isascii() or not token.isprintable() or set(token) & set(" /?#%"):
        raise ValueError("expected the token as the BotFather gives it, without spaces or quotes")
    return SecretStr(token)


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("expected an http or https address, for example https://bots.example.org")
    return value.rstrip("/")


def _aware(value: datetime) -> datetime:
    """Read an instant without a zone as Asia/Shanghai, where the notice counts its days."""
    return (value if value.tzinfo else value.replace(tzinfo=NOTICE_ZONE)).astimezone(UTC)


class Settings(BaseModel):
    """How this installation runs."""

    model_config = ConfigDict(frozen=True)

    telegram_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    telegram_api_url: Annotated[str, AfterValidator(_web_address)] = PUBLIC_API_URL
    data_dir: Path = Path("duewatch-data")
    law_dir: Path | None = None
    """Where the administrator's own notices and calendars are, if not in the data folder."""
    database_url: str = ""
    now: Annotated[datetime, AfterValidator(_aware)] | None = Field(default=None)

    @model_validator(mode="after")
    def _rehearse_only_in_private(self) -> Self:
        if (
            self.now is not None
            and self.telegram_token is not None
            and urlsplit(self.telegram_api_url).hostname == _PUBLIC_HOST
        ):
            raise ValueError(
                "DUEWATCH_NOW rehearses a date and would remind real people of it; "
                "set DUEWATCH_TELEGRAM_API_URL to a test server, or leave DUEWATCH_NOW out"
            )
        return self

    @property
    def law_folder(self) -> Path:
        """The folder with the administrator's own notices and calendars."""
        return self.law_dir or self.data_dir

    @property
    def database(self) -> str:
        """The database's URL; a file in the data folder where none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'duewatch.db'}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from ``DUEWATCH_*`` variables; an empty one counts as not set.

        Raises:
            SettingsError: a value cannot be used. The message names the variable and never shows the token.
        """
        variables = os.environ if environment is None else environment
        values = {field: variables[name] for name, field in _VARIABLES.items() if variables.get(name)}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            names = {field: name for name, field in _VARIABLES.items()}
            first = error.errors(include_url=False, include_input=False)[0]
            name = names.get(str(first["loc"][0])) if first["loc"] else None
            said = first["msg"].removeprefix("Value error, ")
            raise SettingsError(f"{name}: {said}" if name else said) from None
