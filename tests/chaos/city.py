"""The city that is put to the test: who lives there, what is due on its morning, and what its messages look like.

What must arrive is worked out from here and from what its people did, never from the outbox.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from jobs.digests import WEEKLY_THROUGH
from obligations.law import Law
from obligations.notice import Level, Sector
from storage import contacts, materialise, organisations, registry, settings
from storage.credit_codes import check_character
from storage.database import Database, Session
from storage.models import Stage
from storage.registry import Registry
from storage.registry_rows import ContactRow, MembershipRow, OrganisationRow, Place
from storage.types import NOTICE_ZONE

MORNING = datetime(2024, 2, 20, 9, 0, tzinfo=NOTICE_ZONE)
"""The last day for January's evidence, at the hour of reminders."""

_FIRST_START = datetime(2024, 2, 2, 8, 0, tzinfo=NOTICE_ZONE)
_HORIZON = timedelta(days=120)
_PERIOD = "2024-01"
DUTY = "月度信息化存证 2024年1月"
_UNITS_OF_A_DISTRICT = 30
_FEWEST_DISTRICTS = 3

CITY = "500000"
CITY_OFFICER, CITY_LEAD = 11, 12
_OFFICERS, _LEADS, _PEOPLE, _NEWCOMERS = 1_000, 2_000, 10_000, 90_000


class Sort(StrEnum):
    """What a message is, as its reader recognises it."""

    REMINDER = "reminder"
    DAILY = "daily digest"
    WEEKLY = "weekly digest"
    HANDED_OVER = "handed over"
    QUEUE = "queue"
    ACCEPTED = "accepted"
    RETURNED = "returned"


_HEADS = {
    "到期提醒 · ": Sort.REMINDER,
    "每日督办通报 · ": Sort.DAILY,
    "每周督办通报 · ": Sort.WEEKLY,
    "已提交，请审核": Sort.HANDED_OVER,
    "待您审核": Sort.QUEUE,
}
_TO_A_UNIT = {"审核通过": Sort.ACCEPTED, "退回更正": Sort.RETURNED}
"""An officer's own confirmations begin with the same words."""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """One thing one reader must, or may, be told; ``about`` is the unit's number where the reader has several."""

    chat_id: int
    sort: Sort
    about: int | None = None

    def __str__(self) -> str:
        return f"{self.sort} to {self.chat_id}" + ("" if self.about is None else f" about unit {self.about}")


@dataclass(frozen=True)
class City:
    """A city with as many power units as asked for, spread over its districts, with one contact each."""

    units: int
    newcomers: int

    @cached_property
    def districts(self) -> int:
        """How many districts there are."""
        return max(_FEWEST_DISTRICTS, self.units // _UNITS_OF_A_DISTRICT)

    def person(self, unit: int) -> int:
        """Return the chat of a unit's contact."""
        return _PEOPLE + unit

    def officer(self, unit: int) -> int:
        """Return the chat of the district officer in charge of a unit."""
        return _OFFICERS + unit % self.districts

    def newcomer(self, number: int) -> int:
        """Return the chat of somebody who holds an invitation and has not used it."""
        return _NEWCOMERS + number

    def code(self, unit: int) -> str:
        """Return a unit's code."""
        return f"U-{unit:04}"

    def name(self, unit: int) -> str:
        """Return a unit's name, in which its number stands."""
        return f"示例{unit:04}号热电有限公司"

    @property
    def people(self) -> list[int]:
        """The chats of all who are enrolled, and of the newcomers."""
        districts = range(self.districts)
        return [
            CITY_OFFICER,
            CITY_LEAD,
            *(_OFFICERS + district for district in districts),
            *(_LEADS + district for district in districts),
            *(self.person(unit) for unit in range(self.units)),
            *(self.newcomer(number) for number in range(self.newcomers)),
        ]

    @property
    def of_the_morning(self) -> set[Message]:
        """What the registry and the calendar say is due to whom this morning, whatever anybody does."""
        districts = range(self.districts)
        return {
            Message(CITY_OFFICER, Sort.DAILY),
            # The annual reports are to be checked by 1 March, ten days from now.
            Message(CITY_OFFICER, Sort.REMINDER),
            Message(CITY_LEAD, Sort.WEEKLY),
            *(Message(_OFFICERS + district, Sort.DAILY) for district in districts),
            *(Message(_LEADS + district, Sort.DAILY) for district in districts),
            *(Message(self.person(unit), Sort.REMINDER) for unit in range(self.units)),
        }

    def recognised(self, chat_id: int, text: str) -> Message | None:
        """Return what a message is; None where it is an answer."""
        to_a_unit = _PEOPLE <= chat_id < _NEWCOMERS
        heads = {**_HEADS, **(_TO_A_UNIT if to_a_unit else {})}
        sort = next((sort for head, sort in heads.items() if text.startswith(head)), None)
        if sort is None:
            return None
        if to_a_unit:
            assert DUTY in text, text
        if sort is Sort.HANDED_OVER and chat_id == CITY_OFFICER:
            # As long as the queue is one item long, it is shown whole.
            sort = Sort.QUEUE
        named = re.search(r"示例(\d{4})号", text) if sort is Sort.HANDED_OVER else None
        return Message(chat_id, sort, None if named is None else int(named.group(1)))

    def settle(self, database: Database, law: Law) -> list[str]:
        """Put the city into a database as if Duewatch had run since February; return the newcomers' invitations."""

        def work(session: Session) -> list[str]:
            registry.load(session, self._registry(), now=_FIRST_START)
            settings.put_date(session, settings.SINCE, _FIRST_START.date())
            # This week's digest, of Monday, is still to be made up for.
            settings.put_date(session, WEEKLY_THROUGH, MORNING.date() - timedelta(days=8))
            through = MORNING.date() + _HORIZON
            materialise.materialise(
                session, law, since=_FIRST_START.date(), through=through, now=_FIRST_START
            )
            homes = [organisations.by_code(session, self.code(n)).id for n in range(self.newcomers)]
            return [contacts.invite(session, home, lead=True, now=MORNING) for home in homes]

        return database.write(work)

    def _registry(self) -> Registry:
        districts = range(self.districts)
        return Registry(
            organisations=(
                _office(Level.MUNICIPAL, CITY, "镜湖市生态环境局"),
                *(_office(Level.DISTRICT, _district(n), _district_name(n)) for n in districts),
                *(self._unit(number) for number in range(self.units)),
            ),
            contacts=(
                _contact(CITY, CITY_OFFICER),
                _contact(CITY, CITY_LEAD, lead=True),
                *(_contact(_district(n), _OFFICERS + n) for n in districts),
                *(_contact(_district(n), _LEADS + n, lead=True) for n in districts),
                *(_contact(self.code(number), self.person(number)) for number in range(self.units)),
            ),
        )

    def _unit(self, number: int) -> OrganisationRow:
        credit = f"91500000XXXX{number:05d}"
        return OrganisationRow(
            level=Level.UNIT,
            code=self.code(number),
            credit_code=credit + check_character(credit),
            name=self.name(number),
            short_name=f"示例{number:04}",
            english_name=f"Unit {number:04}",
            sector=Sector.POWER,
            fuel="coal",
            memberships=(MembershipRow(district=_district_name(number % self.districts)),),
            place=Place(),
        )


def evidence_of(session: Session, city: City, unit: int) -> int:
    """Return the id of the stage in which a unit hands over January's evidence."""
    subject = organisations.by_code(session, city.code(unit))
    stage: Stage = (
        session.query(Stage)
        .filter_by(subject_id=subject.id, rule="monthly-evidence", period=_PERIOD, name="unit")
        .one()
    )
    return stage.id


def _district(number: int) -> str:
    return f"{500_901 + number}"


def _district_name(number: int) -> str:
    return f"第{number + 1}区"


def _office(level: Level, code: str, name: str) -> OrganisationRow:
    bureau = f"{name}生态环境局" if level is Level.DISTRICT else None
    return OrganisationRow(
        level=level, code=code, name=name, short_name=name, english_name=code, bureau=bureau, place=Place()
    )


def _contact(organisation: str, address: int, *, lead: bool = False) -> ContactRow:
    return ContactRow(
        organisation=organisation,
        name=f"联系人{address}",
        lead=lead,
        language="zh-hans",
        address=str(address),
        place=Place(),
    )
