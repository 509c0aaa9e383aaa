"""A small fictional city with one month's evidence to hand over: built by hand, so that every date is literal."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from obligations.authority import RulingKind
from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level, Sector
from obligations.periods import Period
from storage import contacts, decisions, rulings
from storage.database import Database, Session
from storage.decisions import Actor
from storage.models import (
    Alias,
    Base,
    Binding,
    Event,
    Membership,
    Notification,
    Obligation,
    Organisation,
    Stage,
)
from storage.rulings import Decreed, Order
from storage.types import NOTICE_ZONE

CHANNEL = "telegram"
DOCUMENT = "云环函〔2024〕1号"
BORN = datetime(2024, 1, 2, 9, 0, tzinfo=NOTICE_ZONE)
UNIT, DISTRICT, MUNICIPAL = 0, 1, 2
LEVELS = (Level.UNIT, Level.DISTRICT, Level.MUNICIPAL)


def at(text: str) -> datetime:
    """Read an instant as a clock in Chongqing shows it: ``2024-02-18 10:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=NOTICE_ZONE)


def everything(database: Database) -> list[str]:
    """Return all that is stored, a line for each row, to compare with what is stored later."""

    def work(session: Session) -> list[str]:
        return sorted(
            f"{table.name} {tuple(row)}"
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        )

    return database.read(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """The city, its districts north and south, and the units mill and kiln (north) and dam (south), by their ids.

    Two officers work for the north, one for the south and one for the city; each unit has one contact, and the
    mill a lead besides. Every unit owes the evidence of 2024-01.
    """

    database: Database
    law: Law
    city: int
    north: int
    south: int
    mill: int
    kiln: int
    dam: int
    people: dict[str, int]
    """The contacts by their address."""

    def stage(self, position: int, unit: str = "mill") -> Stage:
        """Read a stage of a unit's chain as it is stored now."""

        def work(session: Session) -> Stage:
            stage = session.scalars(
                select(Stage).where(Stage.subject_id == getattr(self, unit), Stage.position == position)
            ).one()
            session.expunge_all()
            return stage

        return self.database.read(work)

    def actor(self, level: Level) -> Actor:
        """Return the contact who decides for the mill's chain at a level."""
        address = {Level.UNIT: "mill", Level.DISTRICT: "north-1", Level.MUNICIPAL: "city"}[level]
        return Actor(contact_id=self.people[address], level=level)

    def submit(
        self, when: str, position: int = UNIT, *, unit: str = "mill", version: int | None = None
    ) -> None:
        """Hand a stage over, by its own actor."""
        self._decide(decisions.submit, when, position, unit, by=LEVELS[position], version=version)

    def accept(
        self, when: str, position: int = UNIT, *, unit: str = "mill", version: int | None = None
    ) -> None:
        """Accept a stage, by the level above."""
        self._decide(decisions.accept, when, position, unit, by=LEVELS[position + 1], version=version)

    def send_back(self, when: str, position: int = UNIT, *, reason: str = "月报缺页") -> None:
        """Return a stage for correction, by the level that checks it."""
        by = self.stage(position).checked_by or LEVELS[position + 1]
        self._decide(decisions.return_for_correction, when, position, "mill", by=by, reason=reason)

    def extend(
        self, when: str, position: int, until: str, *, reason: str = "平台停机", unit: str = "mill"
    ) -> None:
        """Extend a stage of a unit, by the municipality."""
        self.decree(
            when,
            RulingKind.EXTEND,
            unit,
            stage=LEVELS[position].value,
            until=date.fromisoformat(until),
            reason=reason,
        )

    def waive(self, when: str, position: int = UNIT, *, reason: str = "机组停运", unit: str = "mill") -> None:
        """Waive a stage of a unit, by the municipality."""
        self.decree(when, RulingKind.WAIVE, unit, stage=LEVELS[position].value, reason=reason)

    def decree(
        self,
        when: str,
        kind: RulingKind,
        scope: str,
        *,
        stage: str | None = None,
        until: date | None = None,
        reason: str = "平台停机",
        by: Level | None = Level.MUNICIPAL,
        period: str = "2024-01",
    ) -> Decreed:
        """Decide about the evidence of a month, for a unit, a district or the city; without ``by`` as administrator."""
        order = Order(
            kind=kind,
            rule="monthly-evidence",
            period=Period.parse(period),
            scope_id=getattr(self, scope),
            stage=stage,
            until=until,
        )
        return self.database.write(
            lambda session: rulings.decree(
                session,
                self.law,
                order,
                reason=reason,
                document=DOCUMENT,
                by=None if by is None else self.actor(by),
                now=at(when).astimezone(UTC),
            )
        )

    def told(self) -> list[tuple[str, str]]:
        """Return who was told what so far, oldest first: address and kind."""
        return self.database.read(
            lambda session: [
                (address, kind.value)
                for address, kind in session.execute(
                    select(Binding.address, Notification.kind)
                    .join(Notification, Notification.contact_id == Binding.contact_id)
                    .order_by(Notification.id)
                )
            ]
        )

    def trail(self) -> list[tuple[str, int | None, int | None]]:
        """Return the decisions on record, oldest first: kind, stage, contact."""
        return self.database.read(
            lambda session: [
                (kind, stage_id, contact_id)
                for kind, stage_id, contact_id in session.execute(
                    select(Event.kind, Event.stage_id, Event.contact_id)
                    .where(Event.stage_id.is_not(None))
                    .order_by(Event.id)
                )
            ]
        )

    def _decide(  # any of the three decisions, with its own arguments
        self,
        decision: Any,  # noqa: ANN401  # they share no signature
        when: str,
        position: int,
        unit: str,
        *,
        by: Level,
        **arguments: Any,  # noqa: ANN401  # likewise
    ) -> None:
        stage_id = self.stage(position, unit).id
        self.database.write(
            lambda session: decision(
                session, self.law, stage_id, by=self.actor(by), now=at(when).astimezone(UTC), **arguments
            )
        )


def found(database: Database, law: Law) -> Bureau:
    """Build the city in an empty database."""

    def work(session: Session) -> dict[str, Any]:
        city = _organisation(session, "500000", Level.MUNICIPAL, "云江市", "云江")
        north = _organisation(session, "500001", Level.DISTRICT, "北岭区", "北岭")
        south = _organisation(session, "500002", Level.DISTRICT, "南湾区", "南湾")
        mill = _organisation(session, "U1", Level.UNIT, "北岭热电有限公司", "北岭热电", credit_code="C1")
        kiln = _organisation(session, "U2", Level.UNIT, "青石自备电厂", "青石电厂", credit_code="C2")
        dam = _organisation(session, "U3", Level.UNIT, "南湾发电有限公司", "南湾发电", credit_code="C3")
        session.add(Alias(organisation_id=mill, text="老热电厂"))
        for unit, district in ((mill, north), (kiln, north), (dam, south)):
            session.add(Membership(unit_id=unit, district_id=district, from_on=None, to_on=None))
            _owe_evidence(session, unit, district, city)
        addresses = {
            "city": (city, False),
            "north-1": (north, False),
            "north-2": (north, False),
            "south": (south, False),
            "mill": (mill, False),
            "mill-lead": (mill, True),
            "kiln": (kiln, False),
            "dam": (dam, False),
        }
        people = {
            address: contacts.add(
                session,
                organisation,
                name=f"联系人 {address}",
                lead=lead,
                language="zh-hans",
                channel=CHANNEL,
                address=address,
                now=BORN,
            ).id
            for address, (organisation, lead) in addresses.items()
        }
        return {
            "city": city,
            "north": north,
            "south": south,
            "mill": mill,
            "kiln": kiln,
            "dam": dam,
            "people": people,
        }

    return Bureau(database=database, law=law, **database.write(work))


def _organisation(
    session: Session, code: str, level: Level, name: str, short_name: str, *, credit_code: str | None = None
) -> int:
    organisation = Organisation(
        code=code,
        level=level,
        name=name,
        short_name=short_name,
        english_name=f"Organisation {code}",
        bureau=None,
        sector=Sector.POWER if level is Level.UNIT else None,
        fuel="coal" if level is Level.UNIT else None,
        credit_code=credit_code,
        valid_from=None,
        valid_to=None,
    )
    session.add(organisation)
    session.flush()
    return organisation.id


def _owe_evidence(session: Session, unit: int, district: int, city: int) -> None:
    """Make the obligation as the calendar would: 20th, provisionally the 25th, 40th day."""
    obligation = Obligation(
        notice="渝环规〔2023〕2号",
        notice_version="1",
        made_by="monthly-evidence",
        rule="monthly-evidence",
        period="2024-01",
        part="",
        subject_id=unit,
        district_id=district,
        created_at=BORN,
    )
    session.add(obligation)
    session.flush()
    steps = (
        ("unit", unit, district, date(2024, 2, 20), DueKind.FIRM),
        ("district", district, city, date(2024, 2, 25), DueKind.PROVISIONAL),
        ("municipal", city, None, date(2024, 3, 11), DueKind.FIRM),
    )
    for position, (name, actor, checker, due_on, kind) in enumerate(steps):
        session.add(
            Stage(
                obligation_id=obligation.id,
                position=position,
                name=name,
                rule="monthly-evidence",
                period="2024-01",
                actor_level=LEVELS[position],
                checked_by=None if checker is None else LEVELS[position + 1],
                subject_id=unit,
                actor_id=actor,
                district_id=district,
                checker_id=checker,
                status=Status.OPEN,
                ready=position == 0,
                excused=False,
                due_on=due_on,
                due_kind=kind,
                act_by_on=due_on,
                version=1,
            )
        )
    session.flush()
