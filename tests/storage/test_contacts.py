"""People: an invitation serves once, an address leads to one contact, and nobody comes back by accident."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage import contacts, trail
from storage.database import Session
from storage.errors import InvitationRefusedError, NotFoundError
from storage.models import Binding, Contact, Event, Invitation
from tests.engines import only_sqlite
from tests.storage.bureau import CHANNEL, Bureau, at, everything

NOW = at("2024-02-18 10:00")
TWO_WEEKS = timedelta(days=14)


def invite(bureau: Bureau, organisation: int | None = None, *, lead: bool = False) -> str:
    return bureau.database.write(
        lambda session: contacts.invite(session, organisation or bureau.kiln, lead=lead, now=NOW)
    )


def enrol(bureau: Bureau, token: str, *, address: str = "new", now: datetime = NOW) -> int:
    return bureau.database.write(
        lambda session: (
            contacts.enrol(
                session, token, name="示例丁", language="en", channel=CHANNEL, address=address, now=now
            ).id
        )
    )


def at_address(bureau: Bureau, address: str) -> int | None:
    def work(session: Session) -> int | None:
        contact = contacts.by_address(session, CHANNEL, address)
        return None if contact is None else contact.id

    return bureau.database.read(work)


def unbind(bureau: Bureau, address: str, reason: str = "blocked by the reader") -> None:
    bureau.database.write(lambda session: contacts.unbind(session, CHANNEL, address, reason=reason, now=NOW))


def revive(bureau: Bureau, address: str) -> None:
    bureau.database.write(lambda session: contacts.revive(session, CHANNEL, address))


def retire(bureau: Bureau, contact_id: int) -> None:
    def work(session: Session) -> None:
        contacts.get(session, contact_id).retired_at = NOW

    bureau.database.write(work)


def bindings(bureau: Bureau, address: str) -> list[tuple[int, bool, str | None]]:
    query = select(Binding.contact_id, Binding.active, Binding.inactive_reason).where(
        Binding.address == address
    )
    return bureau.database.read(
        lambda session: [(one, two, three) for one, two, three in session.execute(query.order_by(Binding.id))]
    )


@pytest.mark.parametrize("lead", [True, False])
def test_an_invitation_makes_its_bearer_a_contact_of_its_organisation(bureau: Bureau, *, lead: bool) -> None:
    contact_id = enrol(bureau, invite(bureau, lead=lead))

    def work(session: Session) -> tuple[int, bool, str, str, str]:
        contact = contacts.get(session, contact_id)
        return (
            contact.organisation_id,
            contact.lead,
            contact.name,
            contact.language,
            contact.organisation.name,
        )

    assert bureau.database.read(work) == (bureau.kiln, lead, "示例丁", "en", "青石自备电厂")
    assert at_address(bureau, "new") == contact_id


def test_an_invitation_fits_a_deep_link_and_is_never_the_same(bureau: Bureau) -> None:
    tokens = {invite(bureau) for _ in range(5)}
    assert len(tokens) == 5
    for token in tokens:
        assert len(token) <= 64
        assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@only_sqlite
def test_a_token_is_nowhere_in_the_files_of_the_database(bureau: Bureau) -> None:
    token = invite(bureau)
    enrol(bureau, token)
    files = list(bureau.database.path.parent.glob("duewatch.db*"))
    assert len(files) >= 2
    for file in files:
        assert token.encode() not in file.read_bytes()


def test_an_invitation_serves_once(bureau: Bureau) -> None:
    token = invite(bureau)
    enrol(bureau, token)
    before = everything(bureau.database)
    with pytest.raises(InvitationRefusedError):
        enrol(bureau, token, address="another")
    assert everything(bureau.database) == before


def test_an_invitation_serves_one_of_those_who_press_it_at_once(bureau: Bureau) -> None:
    token = invite(bureau)
    start = threading.Barrier(6)

    def work(number: int) -> bool:
        start.wait(20)
        try:
            enrol(bureau, token, address=f"finger-{number}")
        except InvitationRefusedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(work, range(6))) == [False] * 5 + [True]


def test_an_invitation_serves_until_its_last_moment(bureau: Bureau) -> None:
    assert enrol(bureau, invite(bureau), now=NOW + TWO_WEEKS - timedelta(microseconds=1))


@pytest.mark.parametrize("late", [timedelta(), timedelta(microseconds=1), timedelta(days=365)])
def test_an_invitation_lapses_after_two_weeks(bureau: Bureau, late: timedelta) -> None:
    token = invite(bureau)
    with pytest.raises(InvitationRefusedError):
        enrol(bureau, token, now=NOW + TWO_WEEKS + late)
    assert at_address(bureau, "new") is None


def test_a_refusal_does_not_say_whether_a_token_exists(bureau: Bureau) -> None:
    used, lapsed = invite(bureau), invite(bureau)
    enrol(bureau, used)
    said = set()
    for token, now in ((used, NOW), (lapsed, NOW + TWO_WEEKS), ("made-up", NOW), ("", NOW)):
        with pytest.raises(InvitationRefusedError) as refused:
            enrol(bureau, token, now=now)
        said.add(str(refused.value))
    assert len(said) == 1


def test_the_hash_of_a_token_is_no_token(bureau: Bureau) -> None:
    invite(bureau)
    stored = bureau.database.read(lambda session: session.scalars(select(Invitation.token_hash)).one())
    with pytest.raises(InvitationRefusedError):
        enrol(bureau, stored)


def test_nobody_is_invited_to_an_organisation_that_does_not_exist(bureau: Bureau) -> None:
    with pytest.raises(NotFoundError):
        invite(bureau, 404)


def test_enrolling_elsewhere_moves_the_address_and_leaves_the_contact_it_had(bureau: Bureau) -> None:
    old = bureau.people["mill"]
    new = enrol(bureau, invite(bureau), address="mill")
    assert at_address(bureau, "mill") == new
    assert bindings(bureau, "mill") == [(old, False, "enrolled elsewhere"), (new, True, None)]
    assert bureau.database.read(lambda session: contacts.address_of(session, old, CHANNEL)) is None
    mill = bureau.database.read(
        lambda session: [contact.id for contact in contacts.of_organisation(session, bureau.mill)]
    )
    assert mill == [bureau.people["mill-lead"]]


def test_an_invitation_for_a_contact_of_the_registry_binds_that_contact(bureau: Bureau) -> None:
    def known(session: Session) -> tuple[int, str]:
        contact = contacts.add(
            session,
            bureau.kiln,
            name="登记名",
            lead=True,
            language="zh-hans",
            channel=None,
            address=None,
            now=NOW,
        )
        token = contacts.invite(session, bureau.kiln, lead=True, contact_id=contact.id, now=NOW)
        return contact.id, token

    contact_id, token = bureau.database.write(known)
    assert enrol(bureau, token, address="phone") == contact_id
    assert at_address(bureau, "phone") == contact_id
    bound = bureau.database.read(
        lambda session: (contacts.get(session, contact_id).name, contacts.get(session, contact_id).language)
    )
    assert bound == ("登记名", "zh-hans")
    with pytest.raises(InvitationRefusedError):
        enrol(bureau, token, address="another phone")


def test_a_contact_who_takes_a_new_phone_leaves_the_old_one(bureau: Bureau) -> None:
    kiln = bureau.people["kiln"]
    token = bureau.database.write(
        lambda session: contacts.invite(session, bureau.kiln, lead=False, contact_id=kiln, now=NOW)
    )
    assert enrol(bureau, token, address="new phone") == kiln
    assert at_address(bureau, "new phone") == kiln
    assert at_address(bureau, "kiln") is None


def test_a_refused_invitation_changes_nothing_for_a_caller_who_answers_and_goes_on(bureau: Bureau) -> None:
    kiln = bureau.people["kiln"]
    token = bureau.database.write(
        lambda session: contacts.invite(session, bureau.kiln, lead=False, contact_id=kiln, now=NOW)
    )
    retire(bureau, kiln)
    before = everything(bureau.database)

    def work(session: Session) -> None:
        with pytest.raises(InvitationRefusedError):
            contacts.enrol(
                session, token, name="示例丁", language="en", channel=CHANNEL, address="mill", now=NOW
            )

    bureau.database.write(work)
    assert everything(bureau.database) == before


def test_the_same_address_on_another_channel_is_somebody_else(bureau: Bureau) -> None:
    assert bureau.database.read(lambda session: contacts.by_address(session, "wecom", "mill")) is None
    assert bureau.database.read(lambda session: contacts.by_address(session, CHANNEL, "stranger")) is None


def test_inviting_and_enrolling_are_on_record(bureau: Bureau) -> None:
    enrol(bureau, invite(bureau))
    assert bureau.database.read(trail.first_broken) is None
    last = select(Event.kind, Event.organisation_id).order_by(Event.id.desc()).limit(2)
    kinds = bureau.database.read(lambda session: session.execute(last).all())
    assert [tuple(row) for row in kinds] == [("enrolled", bureau.kiln), ("invited", bureau.kiln)]


def test_who_blocks_is_not_reached_and_who_unblocks_is_again(bureau: Bureau) -> None:
    unbind(bureau, "mill")
    assert at_address(bureau, "mill") is None
    assert bindings(bureau, "mill") == [(bureau.people["mill"], False, "blocked by the reader")]
    revive(bureau, "mill")
    assert at_address(bureau, "mill") == bureau.people["mill"]
    assert bindings(bureau, "mill") == [(bureau.people["mill"], True, None)]


def test_becoming_unreachable_is_on_record_once(bureau: Bureau) -> None:
    unbind(bureau, "mill")
    unbind(bureau, "mill")
    unbind(bureau, "stranger")
    lost = select(Event.contact_id).where(Event.kind == "unreachable")
    assert bureau.database.read(lambda session: session.scalars(lost).all()) == [bureau.people["mill"]]


def test_a_long_reason_is_kept_short(bureau: Bureau) -> None:
    unbind(bureau, "mill", reason="说" * 300)
    assert bindings(bureau, "mill") == [(bureau.people["mill"], False, "说" * 200)]


def test_unblocking_twice_or_as_a_stranger_changes_nothing(bureau: Bureau) -> None:
    before = everything(bureau.database)
    revive(bureau, "mill")
    revive(bureau, "stranger")
    assert everything(bureau.database) == before


def test_unblocking_does_not_bring_back_an_office_that_was_left(bureau: Bureau) -> None:
    new = enrol(bureau, invite(bureau), address="mill")
    unbind(bureau, "mill")
    revive(bureau, "mill")
    assert at_address(bureau, "mill") == new


def test_unblocking_does_not_bring_back_whoever_retired(bureau: Bureau) -> None:
    unbind(bureau, "mill")
    retire(bureau, bureau.people["mill"])
    revive(bureau, "mill")
    assert bindings(bureau, "mill") == [(bureau.people["mill"], False, "blocked by the reader")]


def test_unblocking_does_not_reach_past_a_retired_contact_to_an_earlier_one(bureau: Bureau) -> None:
    unbind(bureau, "mill")  # and the message that this was undone is lost
    retire(bureau, enrol(bureau, invite(bureau), address="mill"))
    unbind(bureau, "mill")
    revive(bureau, "mill")
    assert at_address(bureau, "mill") is None


def test_a_retired_contact_is_a_stranger_whom_nobody_writes_to(bureau: Bureau) -> None:
    retire(bureau, bureau.people["kiln"])
    assert at_address(bureau, "kiln") is None
    assert bureau.database.read(lambda session: list(contacts.of_organisation(session, bureau.kiln))) == []
    addresses = bureau.database.read(
        lambda session: {address for _, address in contacts.bound(session, CHANNEL)}
    )
    assert addresses == set(bureau.people) - {"kiln"}


def test_a_migrated_chat_keeps_its_contact(bureau: Bureau) -> None:
    bureau.database.write(lambda session: contacts.rebind(session, CHANNEL, "mill", to="-100"))
    assert at_address(bureau, "mill") is None
    assert at_address(bureau, "-100") == bureau.people["mill"]


def test_a_chat_that_migrates_to_where_somebody_enrolled_leaves_them_there(bureau: Bureau) -> None:
    newer = enrol(bureau, invite(bureau), address="-100")
    bureau.database.write(lambda session: contacts.rebind(session, CHANNEL, "mill", to="-100"))
    assert at_address(bureau, "-100") == newer
    revive(bureau, "mill")
    assert at_address(bureau, "mill") is None


def test_a_contact_without_an_address_is_known_but_not_reached(bureau: Bureau) -> None:
    def work(session: Session) -> Contact:
        nowhere: dict[str, Any] = {"channel": None, "address": None}
        return contacts.add(session, bureau.kiln, name="示例戊", lead=True, language="en", now=NOW, **nowhere)

    added = bureau.database.write(work)
    reached = bureau.database.read(
        lambda session: [contact.id for contact in contacts.of_organisation(session, bureau.kiln)]
    )
    assert reached == [bureau.people["kiln"]]
    assert bureau.database.read(lambda session: contacts.get(session, added.id).name) == "示例戊"


def test_there_is_no_contact_that_was_never_added(bureau: Bureau) -> None:
    with pytest.raises(NotFoundError, match="404"):
        bureau.database.read(lambda session: contacts.get(session, 404))


def test_a_language_stays_chosen(bureau: Bureau) -> None:
    bureau.database.write(lambda session: contacts.set_language(session, bureau.people["mill"], "en"))
    spoken = bureau.database.read(lambda session: contacts.get(session, bureau.people["mill"]).language)
    other = bureau.database.read(lambda session: contacts.get(session, bureau.people["kiln"]).language)
    assert (spoken, other) == ("en", "zh-hans")


def conversation(bureau: Bureau, who: str) -> dict[str, object]:
    return bureau.database.read(lambda session: contacts.conversation(session, bureau.people[who]))


def expect(bureau: Bureau, state: dict[str, object]) -> None:
    bureau.database.write(lambda session: contacts.expect(session, bureau.people["mill"], state, now=NOW))


def test_what_is_awaited_of_one_contact_is_not_awaited_of_another(bureau: Bureau) -> None:
    state: dict[str, object] = {"await": "reason", "stage": 3, "words": "缺页"}
    expect(bureau, state)
    assert conversation(bureau, "mill") == state
    assert conversation(bureau, "kiln") == {}


def test_only_the_last_thing_asked_is_awaited_until_it_is_forgotten(bureau: Bureau) -> None:
    expect(bureau, {"await": "reason", "stage": 3})
    expect(bureau, {"await": "file"})
    assert conversation(bureau, "mill") == {"await": "file"}
    expect(bureau, {})
    assert conversation(bureau, "mill") == {}


def test_changing_what_was_read_does_not_change_what_is_awaited(bureau: Bureau) -> None:
    mill = bureau.people["mill"]

    def work(session: Session) -> None:
        contacts.expect(session, mill, {"await": "file"}, now=NOW)
        contacts.conversation(session, mill)["await"] = "reason"

    bureau.database.write(work)
    assert conversation(bureau, "mill") == {"await": "file"}
