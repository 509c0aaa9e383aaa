"""What is added to a message on its way, and what it is kept as proof for."""

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.wording.parcels import worded
from jobs.briefs import AlarmBrief, Single
from jobs.channel import Parcel
from obligations.law import Law
from obligations.notice import Level
from storage.alarms import AlarmName
from storage.outages import Away
from storage.overview import Page
from tests.bot.test_wording import PAGE_OF_NONE, digest, item

NOW = datetime(2024, 2, 19, 2, 0, tzinfo=UTC)
LOST = Away(since=datetime(2024, 2, 15, tzinfo=UTC), until=datetime(2024, 2, 18, tzinfo=UTC))
ALARM = AlarmBrief(
    name=AlarmName.TRAIL_BROKEN,
    subject="",
    detail={"event": 7},
    raised_at=NOW,
    cleared_at=None,
    again=False,
    contacts=(),
)


def parcel(brief: Single) -> Parcel:
    return Parcel(
        notification_id=5,
        contact_id=1,
        address="1",
        language="zh-hans",
        level=Level.DISTRICT,
        lead=False,
        organisation="北岭区",
        now=NOW,
        brief=brief,
        lost=LOST,
    )


def test_what_was_lost_is_said_only_where_people_write_and_never_in_an_alarm(law: Law) -> None:
    quiet = digest(PAGE_OF_NONE, PAGE_OF_NONE)
    assert "可能未收到" in worded(parcel(quiet), law, receives=True).html
    assert "可能未收到" not in worded(parcel(quiet), law).html
    assert "可能未收到" not in worded(parcel(ALARM), law, receives=True).html


def test_a_digest_is_proof_for_what_it_names_and_not_for_what_it_counts(law: Law) -> None:
    day = date(2024, 2, 16)
    own = tuple(
        replace(item(due=day), stage_id=number, actor_name=f"{number}号厂") for number in range(100, 125)
    )
    checks = tuple(replace(item(due=day, stage="district"), stage_id=number) for number in range(200, 204))
    late = Page(items=own + checks, total=40)
    brief = replace(digest(late, PAGE_OF_NONE), overdue_ids=tuple(range(100, 140)))
    screen = worded(parcel(brief), law)
    assert screen.named == {5: tuple(range(100, 120))}
    assert "119号厂" in screen.html
    assert "120号厂" not in screen.html
