"""What the environment says, checked once at the door. Secrets are held so that printing them shows nothing."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from bot.channels.addresses import is_loopback
from bot.channels.mail_server import MailServer, sender_of
from storage.types import NOTICE_ZONE

PUBLIC_API_URL = "https://api.telegram.org"
_PUBLIC_HOST = urlsplit(PUBLIC_API_URL).hostname

_VARIABLES = {
    "DUEWATCH_TELEGRAM_TOKEN": "telegram_token",
    "DUEWATCH_TELEGRAM_API_URL": "telegram_api_url",
    "DUEWATCH_DATABASE_URL": "database_url",
    "DUEWATCH_DATA_DIR": "data_dir",
    "DUEWATCH_NOW": "now",
    "DUEWATCH_LISTEN": "listen",
    "DUEWATCH_WEBHOOK_URL": "webhook_url",
    "DUEWATCH_HEARTBEAT_URL": "heartbeat_url",
    "DUEWATCH_SMTP_URL": "smtp_url",
    "DUEWATCH_MAIL_FROM": "mail_from",
}

_WEBHOOK_PORTS: Final = frozenset({443, 80, 88, 8443})
_HIGHEST_PORT: Final = 65535


class Listen(NamedTuple):
    """Where this process answers over HTTP: an address of this machine and a port, 0 for any free one."""

    host: str
    port: int


class SettingsError(Exception):
    """The environment holds a value that cannot be used; the message names the variable."""


def _token(value: SecretStr) -> SecretStr:
    """Take a token that can stand in an address; the library's own error would print the address with it."""
    token = value.get_secret_value().strip()
    if not token.isascii() or not token.isprintable() or set(token) & set(" /?#%"):
        raise ValueError("expected the token as the BotFather gives it, without spaces or quotes")
    return SecretStr(token)


def _web_address(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("expected an http or https address, for example https://bots.example.org")
    return value.rstrip("/")


def _listen(value: object) -> object:
    """Read ``host:port``, ``[::1]:port``, or ``off`` for none."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() == "off":
        return None
    host, _, port = value.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise ValueError("expected an address of this machine and a port, for example 127.0.0.1:8610, or off")
    return Listen(host, int(port))


def _secret_address(value: SecretStr) -> SecretStr:
    """Take a web address that holds a secret; it is used as it is, to the last slash."""
    _web_address(value.get_secret_value())
    return value


def _split(address: str) -> SplitResult | None:
    """Return the parts of an address, its port a number; None where it is none."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _mail_server(value: SecretStr) -> SecretStr:
    MailServer.parse(value.get_secret_value())
    return value


def _sender(value: str) -> str:
    sender_of(value)
    return value.strip()


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
    database_url: str = Field(default="", repr=False)
    """The database; empty for a file in the data folder. It may hold a password: see `database`."""
    listen: Annotated[Listen | None, BeforeValidator(_listen)] = Listen("127.0.0.1", 8610)
    """Where health, metrics and the webhook are served; None for nowhere."""
    webhook_url: Annotated[str, AfterValidator(_web_address)] | None = None
    """The public address under which Telegram reaches this installation; None to fetch updates instead."""
    heartbeat_url: Annotated[SecretStr, AfterValidator(_secret_address)] | None = None
    """An outside monitor's address, called after each clean round."""
    smtp_url: Annotated[SecretStr, AfterValidator(_mail_server)] | None = None
    mail_from: Annotated[str, AfterValidator(_sender)] | None = None
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

    @model_validator(mode="after")
    def _let_telegram_in(self) -> Self:
        if self.webhook_url is None:
            return self
        if self.listen is None:
            raise ValueError(
                "DUEWATCH_WEBHOOK_URL needs a port to be served on; set DUEWATCH_LISTEN to one, or leave it out"
            )
        parts = urlsplit(self.webhook_url)
        public = urlsplit(self.telegram_api_url).hostname == _PUBLIC_HOST
        if public and (parts.scheme != "https" or (parts.port or 443) not in _WEBHOOK_PORTS):
            raise ValueError(
                "DUEWATCH_WEBHOOK_URL: Telegram calls https addresses on port 443, 80, 88 or 8443 only"
            )
        return self

    @property
    def listens_by_default(self) -> bool:
        """Whether nobody chose where to listen: then a taken port is no error, for another process has it."""
        return "listen" not in self.model_fields_set

    @model_validator(mode="after")
    def _say_who_mail_is_from(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("DUEWATCH_SMTP_URL needs DUEWATCH_MAIL_FROM, the mailbox that letters are from")
        return self

    @property
    def rehearses(self) -> bool:
        """Whether the Bot API server is on this machine: then group robots may be too, as in a rehearsal."""
        return is_loopback(urlsplit(self.telegram_api_url).hostname)

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
