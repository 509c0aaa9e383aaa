"""An administrator says by which channels a contact is written to; the order is the contact's own."""

import pytest
from sqlalchemy import select

from storage import bindings, contacts, outbox, trail
from storage.bindings import AddressTakenError
from storage.errors import NotFoundError
from storage.models import Event
from tests.storage.bureau import Bureau, at

NOW = at("2024-02-18 10:00")
HOOK = "https://oapi.dingtalk.com/robot/send?access_token=0123456789"


def add(bureau: Bureau, who: str, channel: str, address: str, *, first: bool = False) -> None:
    bureau.database.write(
        lambda session: bindings.add(
            session, bureau.people[who], channel=channel, address=address, first=first, now=NOW
        )
    )


def ways(bureau: Bureau, who: str) -> list[tuple[str, str, str | None]]:
    found = bureau.database.read(lambda session: bindings.of_contact(session, bureau.people[who]))
    return [(each.channel, each.address, each.off) for each in found]


def tried(bureau: Bureau, who: str) -> list[str]:
    return list(bureau.database.read(lambda session: outbox.recipient(session, bureau.people[who])).addresses)


def test_a_channel_is_tried_after_those_that_were_there(bureau: Bureau) -> None:
    add(bureau, "mill", "email", "a@mill.example.org")
    add(bureau, "mill", "dingtalk", HOOK)

    assert tried(bureau, "mill") == ["telegram", "email", "dingtalk"]
    assert ways(bureau, "mill") == [
        ("telegram", "mill", None),
        ("email", "a@mill.example.org", None),
        ("dingtalk", HOOK, None),
    ]


def test_a_channel_can_be_the_first(bureau: Bureau) -> None:
    add(bureau, "mill", "email", "a@mill.example.org", first=True)

    assert tried(bureau, "mill") == ["email", "telegram"]


def test_the_order_is_as_said_and_the_rest_comes_after(bureau: Bureau) -> None:
    add(bureau, "mill", "email", "a@mill.example.org")
    add(bureau, "mill", "dingtalk", HOOK)
    bureau.database.write(
        lambda session: bindings.reorder(session, bureau.people["mill"], ["dingtalk", "email"], now=NOW)
    )

    assert tried(bureau, "mill") == ["dingtalk", "email", "telegram"]


def test_a_new_address_takes_the_place_of_the_old_one(bureau: Bureau) -> None:
    add(bureau, "mill", "email", "a@mill.example.org", first=True)
    add(bureau, "mill", "email", "b@mill.example.org")

    assert ways(bureau, "mill") == [("email", "b@mill.example.org", None), ("telegram", "mill", None)]


def test_a_robots_new_secret_replaces_its_old_one(bureau: Bureau) -> None:
    add(bureau, "mill", "dingtalk", f"{HOOK}#old")
    add(bureau, "mill", "dingtalk", f"{HOOK}#new")

    assert ways(bureau, "mill")[1] == ("dingtalk", f"{HOOK}#new", None)


@pytest.mark.parametrize("address", [HOOK, f"{HOOK}#other"])
def test_two_contacts_do_not_share_an_address(bureau: Bureau, address: str) -> None:
    add(bureau, "mill", "dingtalk", f"{HOOK}#secret")

    with pytest.raises(AddressTakenError) as refused:
        add(bureau, "kiln", "dingtalk", address)
    assert refused.value.contact_id == bureau.people["mill"]
    assert HOOK not in str(refused.value)


def test_what_is_removed_is_written_to_no_more(bureau: Bureau) -> None:
    add(bureau, "mill", "email", "a@mill.example.org")
    bureau.database.write(
        lambda session: bindings.remove(session, bureau.people["mill"], "telegram", now=NOW)
    )

    assert tried(bureau, "mill") == ["email"]
    with pytest.raises(NotFoundError):
        bureau.database.write(
            lambda session: bindings.remove(session, bureau.people["mill"], "telegram", now=NOW)
        )


def test_what_failed_is_listed_with_its_reason_until_there_is_another(bureau: Bureau) -> None:
    add(bureau, "mill", "email", "a@mill.example.org", first=True)
    bureau.database.write(
        lambda session: contacts.unbind(
            session, "email", "a@mill.example.org", reason="550 no such user", now=NOW
        )
    )
    assert ways(bureau, "mill") == [
        ("telegram", "mill", None),
        ("email", "a@mill.example.org", "550 no such user"),
    ]

    add(bureau, "mill", "email", "b@mill.example.org")
    assert ways(bureau, "mill")[-1] == ("email", "b@mill.example.org", None)


def test_the_trail_names_the_channel_and_never_the_address(bureau: Bureau) -> None:
    add(bureau, "mill", "dingtalk", f"{HOOK}#secret")
    bureau.database.write(
        lambda session: bindings.remove(session, bureau.people["mill"], "dingtalk", now=NOW)
    )

    events = bureau.database.read(
        lambda session: [
            (each.kind, each.detail) for each in session.scalars(select(Event).order_by(Event.id))
        ]
    )
    assert events[-2:] == [
        ("channel_added", {"channel": "dingtalk"}),
        ("channel_removed", {"channel": "dingtalk"}),
    ]
    assert bureau.database.read(trail.first_broken) is None


def test_contacts_are_found_by_organisation_name_and_number(bureau: Bureau) -> None:
    mill = bureau.people["mill"]

    def work_names() -> tuple[list[int], list[int], list[int]]:
        return bureau.database.read(
            lambda session: (
                [each.id for each in bindings.people_of(session, bureau.kiln)],
                [each.id for each in bindings.people_named(session, str(mill))],
                [each.id for each in bindings.people_named(session, "9" * 30)],
            )
        )

    assert work_names() == ([bureau.people["kiln"]], [mill], [])
