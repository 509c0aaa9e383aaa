"""Loads a registry, whom a bureau supervises: all of it, or nothing where anything is wrong.

Reading a workbook is `storage.workbook`'s; what makes a row right is `storage.registry_rows`'; the contacts of a
registry are `storage.registry_people`'s.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from obligations.notice import Level
from storage import following, registry_people, settings, trail
from storage.models import Alias, Membership, Organisation
from storage.registry_people import CHANNEL, IssuedInvitation, Person, State
from storage.registry_rows import (
    ContactRow,
    Fault,
    FaultCode,
    OrganisationRow,
    Place,
    RegistryError,
)
from storage.successors import in_circles
from storage.types import local_date

__all__ = ["CHANNEL", "IssuedInvitation", "LoadReport", "Registry", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Organisations and contacts as a source gives them, with the faults found while reading.

    ``doubtful`` holds the codes and names of rows with faults, so that a row which refers to one is not
    blamed too.
    """

    organisations: tuple[OrganisationRow, ...] = ()
    contacts: tuple[ContactRow, ...] = ()
    faults: tuple[Fault, ...] = ()
    doubtful: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """How many organisations and contacts were new, changed and as before, with the invitations asked for."""

    created: int
    updated: int
    unchanged: int
    invitations: tuple[IssuedInvitation, ...] = ()


def load(session: Session, registry: Registry, *, now: datetime, invite: bool = False) -> LoadReport:
    """Bring the record in step with a registry, in the caller's transaction; again changes nothing.

    Organisations are matched by code or credit code, contacts by organisation and name. What the registry
    does not mention stays. A unit that moves to another district keeps its history: the membership before
    ends the day before the new one begins. What is open passes to who is in charge by now. With ``invite``, every
    contact of the registry who is not bound to a chat gets a new invitation.

    Raises:
        RegistryError: with every fault of the registry; nothing was changed.
    """
    return _Loading(session, registry, now).run(invite=invite)


class _Loading:
    def __init__(self, session: Session, registry: Registry, now: datetime) -> None:
        self.session = session
        self.registry = registry
        self.now = now
        self.running = settings.get(session, settings.SINCE) is not None
        self.faults = list(registry.faults)
        stored = session.scalars(select(Organisation)).all()
        self.by_code = {organisation.code: organisation for organisation in stored}
        self.by_credit_code = {o.credit_code: o for o in stored if o.credit_code is not None}
        self.memberships: dict[int, list[Membership]] = defaultdict(list)
        for membership in session.scalars(select(Membership)):
            self.memberships[membership.unit_id].append(membership)
        self.changed: set[str] = set()
        self.created: set[str] = set()

    def run(self, *, invite: bool) -> LoadReport:
        self._check_duplicates()
        self._check_levels()
        names = self._names()
        self._check_references(names)
        if self.faults:
            raise RegistryError(tuple(sorted(self.faults, key=_in_file_order)))
        ordered = sorted(self.registry.organisations, key=lambda row: _ORDER[row.level])
        for row in ordered:
            self._put(row)
        self.session.flush()
        for row in ordered:
            self._place(row, names)
            self._succeed(row, names)
        people = [self._put_person(row, names) for row in self.registry.contacts]
        self.session.flush()
        invited = registry_people.invite(self.session, people, now=self.now) if invite else ()
        total = len(self.registry.organisations) + len(people)
        fresh = len(self.created) + sum(each.state is State.CREATED for each in people)
        touched = len(self.changed - self.created) + sum(each.state is State.UPDATED for each in people)
        if fresh or touched:
            trail.record(self.session, "registry_loaded", at=self.now, created=fresh, updated=touched)
            self.session.flush()
            following.follow(self.session, now=self.now)
        return LoadReport(
            created=fresh, updated=touched, unchanged=total - fresh - touched, invitations=invited
        )

    # Checks. None of them changes anything; each adds to the faults.

    def _fault(self, code: FaultCode, place: Place, column: str | None, **arguments: str | int) -> None:
        self.faults.append(Fault(code=code, place=place, column=column, arguments=arguments))

    def _check_duplicates(self) -> None:
        for column in ("code", "credit_code"):
            first: dict[str, OrganisationRow] = {}
            for row in self.registry.organisations:
                value = getattr(row, column)
                if value is None:
                    continue
                other = first.setdefault(value, row)
                if other is not row:
                    self._fault(FaultCode.DUPLICATE, row.place, column, found=value, row=other.place.row or 0)
        people: dict[tuple[str, str], ContactRow] = {}
        for person in self.registry.contacts:
            before = people.setdefault((person.organisation, person.name), person)
            if before is not person:
                self._fault(
                    FaultCode.DUPLICATE, person.place, "name", found=person.name, row=before.place.row or 0
                )

    def _check_levels(self) -> None:
        cities = [row for row in self.registry.organisations if row.level is Level.MUNICIPAL]
        codes = {row.key for row in cities}
        codes |= {code for code, stored in self.by_code.items() if stored.level is Level.MUNICIPAL}
        for row in cities if len(codes) > 1 else []:
            self._fault(FaultCode.SECOND_MUNICIPALITY, row.place, "level", found=row.name)
        if not codes and self.registry.organisations:
            self._fault(
                FaultCode.NO_MUNICIPALITY, Place(sheet=self.registry.organisations[0].place.sheet), "level"
            )
        for row in self.registry.organisations:
            by_code = self.by_code.get(row.key)
            by_credit = self.by_credit_code.get(row.credit_code or "")
            if by_code is not None and by_credit is not None and by_code is not by_credit:
                self._fault(FaultCode.TWO_ORGANISATIONS, row.place, "credit_code")
            stored = by_code or by_credit
            if stored is not None and stored.level is not row.level:
                self._fault(FaultCode.OTHER_LEVEL, row.place, "code", found=stored.name)

    def _names(self) -> Mapping[str, set[str]]:
        """Return which organisations, by code, each name may mean once the registry is loaded."""
        names: dict[str, set[str]] = defaultdict(set)
        rewritten = set()
        for row in self.registry.organisations:
            stored = self._stored(row)
            code = stored.code if stored is not None else row.key
            rewritten.add(code)
            for name in (code, row.key, row.credit_code, row.name, row.short_name, row.bureau):
                names[name or ""].add(code)
        for code, stored in self.by_code.items():
            listed = (stored.code, stored.credit_code, stored.name, stored.short_name, stored.bureau)
            for name in listed[:2] if code in rewritten else listed:
                names[name or ""].add(code)
        return names

    def _check_references(self, names: Mapping[str, set[str]]) -> None:
        districts = {code for code, stored in self.by_code.items() if stored.level is Level.DISTRICT}
        districts |= {row.key for row in self.registry.organisations if row.level is Level.DISTRICT}
        for row in self.registry.organisations:
            found = [
                self._refer(
                    names, each.district, row.place, "district", FaultCode.UNKNOWN_DISTRICT, within=districts
                )
                for each in row.memberships
            ]
            if row.memberships and all(found):
                self._check_move(row, [code for code in found if code])
        self._check_successors(names, districts)
        for person in self.registry.contacts:
            self._refer(
                names, person.organisation, person.place, "organisation", FaultCode.UNKNOWN_ORGANISATION
            )

    def _refer(
        self,
        names: Mapping[str, set[str]],
        name: str,
        place: Place,
        column: str,
        unknown: FaultCode,
        *,
        within: set[str] | None = None,
    ) -> str | None:
        meant = names.get(name, set())
        meant = {name} if name in meant else meant if within is None else meant & within
        if len(meant) == 1 and (within is None or meant <= within):
            return next(iter(meant))
        if name not in self.registry.doubtful:
            self._fault(FaultCode.AMBIGUOUS if len(meant) > 1 else unknown, place, column, found=name)
        return None

    def _check_successors(self, names: Mapping[str, set[str]], districts: set[str]) -> None:
        """Refuse a successor of what has no last day, and a row of successors that comes back to its beginning."""
        by_id = {stored.id: code for code, stored in self.by_code.items()}
        heirs = {
            code: by_id[stored.successor_id]
            for code, stored in self.by_code.items()
            if stored.successor_id is not None
        }
        named = []
        for row in self.registry.organisations:
            if row.successor is None:
                continue
            code = self._refer(
                names, row.successor, row.place, "successor", FaultCode.UNKNOWN_DISTRICT, within=districts
            )
            stored = self._stored(row)
            ends = row.valid_to is not None or (stored is not None and stored.valid_to is not None)
            if row.level is not Level.DISTRICT or not ends:
                self._fault(FaultCode.SUCCESSOR_WITHOUT_END, row.place, "successor", found=row.successor)
            elif code is not None:
                heirs[self._code(row)] = code
                named.append(row)
        circles = in_circles(heirs)
        for row in named:
            if self._code(row) in circles:
                self._fault(FaultCode.SUCCESSOR_CIRCLE, row.place, "successor", found=row.successor or "")

    def _check_move(self, row: OrganisationRow, codes: list[str]) -> None:
        starts = [each.since or date.min for each in row.memberships]
        if any(later <= earlier for earlier, later in pairwise(starts)):
            self._fault(FaultCode.DATES_REVERSED, row.place, "since")
            return
        stored = self._stored(row)
        held = self._held(stored) if stored is not None else []
        if not held or stored is None:
            return
        if len(codes) > 1:
            return
        district = next(o for o in self.by_code.values() if o.id == held[-1].district_id)
        moves, start = codes[0] != district.code, row.memberships[0].since
        if moves and start is None:
            self._fault(FaultCode.MOVE_WITHOUT_DATE, row.place, "since", found=district.name)
        earlier = held if moves else held[:-1]
        if start is not None and earlier and start <= (earlier[-1].from_on or date.min):
            began = (earlier[-1].from_on or date.min).isoformat()
            self._fault(FaultCode.MOVE_TOO_EARLY, row.place, "since", found=began)

    # Changes, once nothing is wrong.

    def _stored(self, row: OrganisationRow) -> Organisation | None:
        return self.by_code.get(row.key) or self.by_credit_code.get(row.credit_code or "")

    def _held(self, unit: Organisation) -> list[Membership]:
        return sorted(self.memberships[unit.id], key=lambda held: held.from_on or date.min)

    def _put(self, row: OrganisationRow) -> None:
        given = {name: getattr(row, name) for name in _COPIED if getattr(row, name) is not None}
        stored = self._stored(row)
        if stored is None:
            blank: dict[str, object] = dict.fromkeys(_COPIED)
            names = {"short_name": row.name, "english_name": row.name, "code": row.key}
            if row.level is Level.UNIT and row.valid_from is None and self.running:
                # A unit that joins a running city owes what comes from now on, not what it was never asked for.
                given["valid_from"] = local_date(self.now)
            stored = Organisation(level=row.level, **{**blank, **names, **given})
            self.session.add(stored)
            self.by_code[stored.code] = stored
            self.created.add(stored.code)
        else:
            differing = {name: value for name, value in given.items() if getattr(stored, name) != value}
            for name, value in differing.items():
                if name != "code":
                    setattr(stored, name, value)
            if set(differing) - {"code"}:
                self.changed.add(stored.code)
        if row.credit_code is not None:
            self.by_credit_code[row.credit_code] = stored
        present = {alias.text for alias in stored.aliases}
        if row.aliases and set(row.aliases) != present:
            stored.aliases = [alias for alias in stored.aliases if alias.text in row.aliases]
            stored.aliases += [Alias(text=text) for text in dict.fromkeys(row.aliases) if text not in present]
            self.changed.add(stored.code)

    def _place(self, row: OrganisationRow, names: Mapping[str, set[str]]) -> None:
        """Bring a unit's memberships in step with its row."""
        if not row.memberships:
            return
        unit = self.by_code[self._code(row)]
        held = self._held(unit)
        wanted = [(self._district(names, each.district), each.since) for each in row.memberships]
        if len(wanted) == 1 and held:
            stays = held[-1].district_id == wanted[0][0]
            if stays and wanted[0][1] is None:
                return
            before = held[:-1] if stays else held
            wanted = [(each.district_id, each.from_on) for each in before] + wanted
        ends = [since - timedelta(days=1) if since else None for _, since in wanted[1:]] + [None]
        spans = [(district, since, end) for (district, since), end in zip(wanted, ends, strict=True)]
        if [(each.district_id, each.from_on, each.to_on) for each in held] == spans:
            return
        for each in held:
            self.session.delete(each)
        for district, since, end in spans:
            self.session.add(Membership(unit_id=unit.id, district_id=district, from_on=since, to_on=end))
        self.changed.add(unit.code)

    def _succeed(self, row: OrganisationRow, names: Mapping[str, set[str]]) -> None:
        """Bring a district's successor in step with its row; one that is not given stays."""
        if row.successor is None:
            return
        ended = self.by_code[self._code(row)]
        successor_id = self._district(names, row.successor)
        if ended.successor_id != successor_id:
            ended.successor_id = successor_id
            self.changed.add(ended.code)

    def _code(self, row: OrganisationRow) -> str:
        stored = self._stored(row)
        return row.key if stored is None else stored.code

    def _district(self, names: Mapping[str, set[str]], name: str) -> int:
        meant = names[name]
        code = name if name in meant else ""
        candidates = (
            [code] if code else [each for each in meant if self.by_code[each].level is Level.DISTRICT]
        )
        return self.by_code[candidates[0]].id

    def _put_person(self, row: ContactRow, names: Mapping[str, set[str]]) -> Person:
        meant = names[row.organisation]
        organisation = self.by_code[row.organisation if row.organisation in meant else next(iter(meant))]
        return registry_people.put(self.session, row, organisation.id, now=self.now)


_ORDER = {Level.MUNICIPAL: 0, Level.DISTRICT: 1, Level.UNIT: 2, Level.AGENCY: 3}
_COPIED = (
    "code",
    "name",
    "short_name",
    "english_name",
    "bureau",
    "sector",
    "fuel",
    "credit_code",
    "valid_from",
    "valid_to",
)


def _in_file_order(fault: Fault) -> tuple[str, int, str]:
    return fault.place.sheet, fault.place.row or 0, fault.column or ""
