"""The environment is checked at the door, and a refusal names the variable and never shows the token."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import PUBLIC_API_URL, Settings, SettingsError

TOKEN = "123456:SECRET-part"


def test_nothing_set_is_the_sandbox_on_the_public_address() -> None:
    settings = Settings.from_environment({})
    assert settings.telegram_token is None
    assert settings.telegram_api_url == PUBLIC_API_URL
    assert settings.database == "sqlite:///duewatch-data/duewatch.db"


def test_an_empty_variable_counts_as_not_set() -> None:
    names = ("TELEGRAM_TOKEN", "TELEGRAM_API_URL", "DATABASE_URL", "DATA_DIR", "NOW")
    assert Settings.from_environment({f"DUEWATCH_{name}": "" for name in names}) == Settings()


def test_values_are_read() -> None:
    settings = Settings.from_environment(
        {
            "DUEWATCH_TELEGRAM_TOKEN": f" {TOKEN}\n",
            "DUEWATCH_TELEGRAM_API_URL": "http://127.0.0.1:8081/",
            "DUEWATCH_DATA_DIR": "elsewhere",
            "DUEWATCH_NOW": "2024-02-05 09:00",
        }
    )
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
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"DUEWATCH_TELEGRAM_TOKEN": TOKEN, name: value})
    assert str(refused.value).startswith(f"{name}: ")
    assert "SECRET" not in str(refused.value)
    assert refused.value.__cause__ is None


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
