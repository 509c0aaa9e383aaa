"""What of an update is kept: no invitation's token, once it was handled."""

from typing import Any

import pytest

from bot.telegram.reading import without_invitation
from bot.wording import lists
from tests.bot.conftest import NORTH, Person, Town
from tests.bot.processes import newest


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("/start abc-DEF_123", "/start ***"),
        ("/START@duewatch_town_bot   abc", "/START@duewatch_town_bot   ***"),
        ("/start\nabc", "/start\n***"),
        (
            "https://t.me/duewatch_town_bot?start=abc 请打开",
            "https://t.me/duewatch_town_bot?start=*** 请打开",
        ),
        ("tg://resolve?domain=duewatch&start=abc", "tg://resolve?domain=duewatch&start=***"),
        ("/start", None),
        ("/status 青禾", None),
        ("请问 /start abc 是什么", None),
    ],
)
def test_a_token_is_masked_wherever_it_stands(said: str, kept: str | None) -> None:
    payload: dict[str, Any] = {
        "update_id": 1,
        "message": {"text": "收到", "reply_to_message": {"text": said}, "entities": [{"url": said}]},
    }
    masked = without_invitation(payload)
    if kept is None:
        assert masked is None
    else:
        assert masked == {
            "update_id": 1,
            "message": {"text": "收到", "reply_to_message": {"text": kept}, "entities": [{"url": kept}]},
        }
    assert payload["message"]["reply_to_message"]["text"] == said


async def test_an_invitation_that_was_handed_in_is_not_kept(town: Town, stranger: Person) -> None:
    token = town.invite(NORTH)
    await stranger.start(token)
    row = newest(town)
    assert row.handled_at is not None
    assert row.payload["message"]["text"] == "/start ***"
    assert token not in str(row.payload)


async def test_an_invitation_that_could_not_be_handled_is_not_kept(
    town: Town, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_more: object) -> object:
        raise RuntimeError

    token = town.invite(NORTH)
    monkeypatch.setattr("storage.contacts.enrol", broken)
    monkeypatch.setattr(lists, "summary", broken)
    await stranger.start(token)
    row = newest(town)
    assert (row.attempts, row.error) == (3, "RuntimeError")
    assert token not in str(row.payload)
