"""The environment is checked at the door, and a refusal names the variable and never shows the token."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import PUBLIC_API_URL, Listen, Settings, SettingsError

TOKEN = "123456:SECRET-part"


def test_nothing_set_is_the_sandbox_on_the_public_address() -> None:
    settings = Settings.from_environment({})
    assert settings.telegram_token is None
    assert settings.telegram_api_url == PUBLIC_API_URL
    assert settings.database == "sqlite:///duewatch-data/duewatch.db"


def test_an_empty_variable_counts_as_not_set() -> None:
    names = ["TELEGRAM_TOKEN", "TELEGRAM_API_URL", "DATABASE_URL", "DATA_DIR", "NOW", "LISTEN", "WEBHOOK_URL"]
    names += ["HEARTBEAT_URL", "SMTP_URL", "MAIL_FROM"]
    read = Settings.from_environment({f"DUEWATCH_{name}": "" for name in names})
    assert read == Settings()
    assert read.listens_by_default


def test_values_are_read() -> None:
    settings = Settings.from_environment(
        {
            "DUEWATCH_TELEGRAM_TOKEN": f" {TOKEN}\n",
            "DUEWATCH_TELEGRAM_API_URL": "http://127.0.0.1:8081/",
            "DUEWATCH_DATA_DIR": "elsewhere",
            "DUEWATCH_NOW": "2024-02-05 09:00",
            "DUEWATCH_DATABASE_URL": "postgresql://duewatch:SECRET@db.example.org/duewatch",
            "DUEWATCH_HEARTBEAT_URL": "https://watch.example.org/SECRET",
            "DUEWATCH_SMTP_URL": "smtps://duewatch:SECRET@mail.example.org:465",
            "DUEWATCH_MAIL_FROM": "duewatch@example.org",
            "DUEWATCH_WEBHOOK_URL": "https://bots.example.org/",
        }
    )
    assert settings.database == "postgresql://duewatch:SECRET@db.example.org/duewatch"
    assert settings.webhook_url == "https://bots.example.org"
    assert settings.mail_from == "duewatch@example.org"
    assert "SECRET" not in f"{settings!r} {settings}"
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TOKEN
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert settings.data_dir == Path("elsewhere")
    assert settings.now == datetime(2024, 2, 5, 1, 0, tzinfo=UTC), "without a zone it is Shanghai's"
    assert TOKEN not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DUEWATCH_TELEGRAM_TOKEN", "123456:SECRET part"),
        ("DUEWATCH_TELEGRAM_TOKEN", "123456:SECRET/part"),
        ("DUEWATCH_TELEGRAM_TOKEN", "123456:SECRET\u200bpart"),
        ("DUEWATCH_TELEGRAM_API_URL", "127.0.0.1:8081"),
        ("DUEWATCH_TELEGRAM_API_URL", "ftp://example.org"),
        ("DUEWATCH_TELEGRAM_API_URL", "http://["),
        ("DUEWATCH_NOW", "tomorrow"),
        ("DUEWATCH_LISTEN", "8610"),
        ("DUEWATCH_LISTEN", ":8610"),
        ("DUEWATCH_LISTEN", "127.0.0.1:"),
        ("DUEWATCH_LISTEN", "127.0.0.1:65536"),
        ("DUEWATCH_LISTEN", "127.0.0.1:²"),
        ("DUEWATCH_WEBHOOK_URL", "bots.example.org"),
        ("DUEWATCH_WEBHOOK_URL", "https://bots.example.org:65536"),
        ("DUEWATCH_WEBHOOK_URL", "https://bots.example.org:8610"),
        ("DUEWATCH_WEBHOOK_URL", "http://bots.example.org"),
        ("DUEWATCH_HEARTBEAT_URL", "SECRET"),
        ("DUEWATCH_SMTP_URL", "mail.example.org:SECRET"),
        ("DUEWATCH_SMTP_URL", "smtp://user:SECRET"),
        ("DUEWATCH_SMTP_URL", "smtp://"),
        ("DUEWATCH_MAIL_FROM", "duewatch"),
        ("DUEWATCH_MAIL_FROM", "a@example.org, b@example.org"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"DUEWATCH_TELEGRAM_TOKEN": TOKEN, name: value})
    assert str(refused.value).startswith(f"{name}: ")
    assert "SECRET" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("127.0.0.1:8610", Listen("127.0.0.1", 8610)),
        ("0.0.0.0:80", Listen("0.0.0.0", 80)),  # noqa: S104  # what an administrator may write
        ("[::1]:8610", Listen("::1", 8610)),
        ("localhost:0", Listen("localhost", 0)),
        ("off", None),
        ("OFF ", None),
    ],
)
def test_where_to_listen_is_an_address_and_a_port(value: str, read: Listen | None) -> None:
    settings = Settings.from_environment({"DUEWATCH_LISTEN": value})
    assert settings.listen == read
    assert not settings.listens_by_default


def test_a_webhook_needs_a_port_to_be_served_on() -> None:
    webhook = {"DUEWATCH_WEBHOOK_URL": "https://bots.example.org"}
    with pytest.raises(SettingsError, match="DUEWATCH_LISTEN"):
        Settings.from_environment({**webhook, "DUEWATCH_LISTEN": "off"})


def test_a_server_of_ones_own_may_call_a_webhook_anywhere() -> None:
    own = {
        "DUEWATCH_TELEGRAM_API_URL": "http://127.0.0.1:8081",
        "DUEWATCH_WEBHOOK_URL": "http://127.0.0.1:8610",
    }
    assert Settings.from_environment(own).webhook_url == "http://127.0.0.1:8610"


@pytest.mark.parametrize(
    "address",
    [
        None,
        "https://api.telegram.org",
        "https://api.telegram.org/",
        "https://API.Telegram.org",
        "https://api.telegram.org:443",
        "http://api.telegram.org",
    ],
)
def test_a_date_is_not_rehearsed_before_real_people(address: str | None) -> None:
    environment = {"DUEWATCH_TELEGRAM_TOKEN": TOKEN, "DUEWATCH_NOW": "2024-02-05"}
    if address is not None:
        environment["DUEWATCH_TELEGRAM_API_URL"] = address
    with pytest.raises(SettingsError, match=r"^DUEWATCH_NOW rehearses a date") as refused:
        Settings.from_environment(environment)
    assert "SECRET" not in str(refused.value)


def test_a_date_is_rehearsed_in_the_sandbox_and_before_a_test_server() -> None:
    assert Settings.from_environment({"DUEWATCH_NOW": "2024-02-05"}).now is not None
    private = {"DUEWATCH_TELEGRAM_TOKEN": TOKEN, "DUEWATCH_TELEGRAM_API_URL": "http://127.0.0.1:8081"}
    assert Settings.from_environment({**private, "DUEWATCH_NOW": "2024-02-05"}).now is not None
