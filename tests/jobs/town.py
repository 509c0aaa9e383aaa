"""A small fictional city for tests: made by hand, so that each test says who is in it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count

from sqlalchemy import select

from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from jobs.context import Context
from obligations.law import Law
from obligations.notice import Level, Sector
from storage import contacts, decisions, materialise
from storage.database import Database, Session
from storage.decisions import Actor
from storage.models import (
    Binding,
    Contact,
    Membership,
    Notification,
    NotificationKind,
    Organisation,
    Outcome,
    Reminding,
    Stage,
)
from storage.types import NOTICE_ZONE


def at(text: str) -> datetime:
    """Read an instant as it stands on a clock in Chongqing: ``2024-02-20 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=NOTICE_ZONE)


@dataclass(slots=True)
class RecordingChannel:
    """Keeps what it is given, and answers with the receipts laid out for an address, or that it was sent."""

    name: str = "chat"
    parcels: list[Parcel] = field(default_factory=list)
    answers: dict[str, list[Receipt | Exception]] = field(default_factory=dict)
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        laid_out = self.answers.get(parcel.address)
        answer = laid_out.pop(0) if laid_out else None
        if isinstance(answer, Exception):
            raise answer
        if not await begin():
            return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
        if answer is not None and answer.outcome is not Outcome.SENT:
            return answer
        self.parcels.append(parcel)
        return Receipt(outcome=Outcome.SENT, message_id=str(next(self._ids)), text=f"to {parcel.address}")

    def addresses(self) -> list[str]:
        return [parcel.address for parcel in self.parcels]


class Town:
    """A municipality with whatever districts, units and contacts a test adds."""

    def __init__(self, database: Database, law: Law) -> None:
        self.database = database
        self.law = law
        self.channel = RecordingChannel()
        self.born = at("2023-01-01 00:00")
        self.city = self._organisation("city", Level.MUNICIPAL)

    def context(self, worker: str = "one", **channels: RecordingChannel) -> Context:
        """Return what a process that works on this town has."""
        return Context(
            database=self.database,
            law=self.law,
            channels=channels or {self.channel.name: self.channel},
            worker=worker,
        )

    def district(self, code: str, *, until: date | None = None) -> int:
        return self._organisation(code, Level.DISTRICT, valid_to=until)

    def unit(
        self,
        code: str,
        district: int | None,
        *,
        sector: Sector = Sector.POWER,
        fuel: str | None = "coal",
        since: date | None = None,
        until: date | None = None,
    ) -> int:
        unit = self._organisation(
            code, Level.UNIT, sector=sector, fuel=fuel, valid_from=since, valid_to=until
        )
        if district is not None:
            self.member(unit, district)
        return unit

    def member(
        self, unit: int, district: int, *, since: date | None = None, until: date | None = None
    ) -> None:
        self.database.write(
            lambda session: session.add(
                Membership(unit_id=unit, district_id=district, from_on=since, to_on=until)
            )
        )

    def contact(self, organisation: int, address: str, *, lead: bool = False, channel: str = "chat") -> int:
        return self.database.write(
            lambda session: (
                contacts.add(
                    session,
                    organisation,
                    name=f"contact {address}",
                    lead=lead,
                    language="zh-hans",
                    channel=channel,
                    address=address,
                    now=self.born,
                ).id
            )
        )

    def who(self, address: str, channel: str = "chat") -> int:
        """Return the id of the contact who is at an address now."""

        def work(session: Session) -> int:
            contact = contacts.by_address(session, channel, address)
            assert contact is not None
            return contact.id

        return self.database.read(work)

    def retire(self, address: str, when: datetime) -> None:
        contact = self.who(address)

        def work(session: Session) -> None:
            session.get_one(Contact, contact).retired_at = when

        self.database.write(work)

    def bind(self, contact: int, channel: str, address: str) -> None:
        def work(session: Session) -> None:
            session.add(
                Binding(
                    contact_id=contact,
                    channel=channel,
                    address=address,
                    active=True,
                    inactive_reason=None,
                    bound_at=self.born,
                )
            )

        self.database.write(work)

    def oblige(self, since: date, through: date) -> int:
        """Make the obligations whose first date falls within the two days."""
        return self.database.write(
            lambda session: materialise.materialise(
                session, self.law, since=since, through=through, now=at(f"{since} 00:05")
            )
        )

    def stage(self, organisation: int, rule: str, period: str, name: str = "unit") -> Stage:
        def work(session: Session) -> Stage:
            stage = session.scalars(
                select(Stage).where(
                    Stage.subject_id == organisation,
                    Stage.rule == rule,
                    Stage.period == period,
                    Stage.name == name,
                )
            ).one()
            session.expunge_all()
            return stage

        return self.database.read(work)

    def stages(self, organisation: int, *, dated: bool = True) -> list[tuple[str, str, str]]:
        """Return an organisation's stages as (rule, period, stage), in order: those with a date, or those without."""
        return self.database.read(
            lambda session: [
                (rule, period, name)
                for rule, period, name in session.execute(
                    select(Stage.rule, Stage.period, Stage.name)
                    .where(Stage.subject_id == organisation, Stage.due_on.is_not(None) == dated)
                    .order_by(Stage.rule, Stage.period, Stage.position)
                )
            ]
        )

    def submit(self, stage: Stage, when: datetime) -> None:
        self._decide(stage, stage.actor_id, stage.actor_level, decisions.submit, when)

    def accept(self, stage: Stage, when: datetime) -> None:
        assert stage.checker_id is not None
        assert stage.checked_by is not None
        self._decide(stage, stage.checker_id, stage.checked_by, decisions.accept, when)

    def send_back(self, stage: Stage, when: datetime, reason: str = "blurred") -> None:
        actor = self._actor(stage.checker_id or 0, stage.checked_by or Level.DISTRICT)
        self.database.write(
            lambda session: decisions.return_for_correction(
                session, self.law, stage.id, reason=reason, by=actor, now=when
            )
        )

    def pause(self, stage: Stage, until: date, when: datetime) -> None:
        actor = self._actor(stage.actor_id, stage.actor_level)
        self.database.write(
            lambda session: decisions.pause(session, stage.id, until=until, by=actor, now=when, reason="busy")
        )

    def change(self, stage: Stage, **values: object) -> None:
        """Set columns of a stage, for a state that is laborious to reach."""

        def work(session: Session) -> None:
            row = session.get_one(Stage, stage.id)
            for name, value in values.items():
                setattr(row, name, value)

        self.database.write(work)

    def remindings(self, contact: int) -> list[tuple[date, int]]:
        """Return the (day, mark) of every reminder a contact was planned, in order."""
        return self.database.read(
            lambda session: [
                (day, mark)
                for day, mark in session.execute(
                    select(Reminding.planned_on, Reminding.mark)
                    .where(Reminding.contact_id == contact)
                    .order_by(Reminding.planned_on, Reminding.mark)
                )
            ]
        )

    def told(self, contact: int, kind: NotificationKind | None = None) -> list[Notification]:
        """Return a contact's notifications, oldest first."""

        def work(session: Session) -> list[Notification]:
            query = select(Notification).where(Notification.contact_id == contact).order_by(Notification.id)
            if kind is not None:
                query = query.where(Notification.kind == kind)
            found = list(session.scalars(query))
            session.expunge_all()
            return found

        return self.database.read(work)

    def _decide(self, stage: Stage, organisation: int, level: Level, action: object, when: datetime) -> None:
        actor = self._actor(organisation, level)
        assert callable(action)
        self.database.write(lambda session: action(session, self.law, stage.id, by=actor, now=when))

    def _actor(self, organisation: int, level: Level) -> Actor:
        def work(session: Session) -> int:
            found = session.scalar(select(Contact.id).where(Contact.organisation_id == organisation))
            return (
                found
                or contacts.add(
                    session,
                    organisation,
                    name="somebody",
                    lead=False,
                    language="zh-hans",
                    channel=None,
                    address=None,
                    now=self.born,
                ).id
            )

        return Actor(contact_id=self.database.write(work), level=level)

    def _organisation(
        self,
        code: str,
        level: Level,
        *,
        sector: Sector | None = None,
        fuel: str | None = None,
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> int:
        def work(session: Session) -> int:
            organisation = Organisation(
                code=code,
                level=level,
                name=code,
                short_name=code,
                english_name=code,
                bureau=None,
                sector=sector,
                fuel=fuel,
                credit_code=None,
                valid_from=valid_from,
                valid_to=valid_to,
            )
            session.add(organisation)
            session.flush()
            return organisation.id

        return self.database.write(work)


def days(first: date, last: date) -> list[date]:
    """Return every day from one through another."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
