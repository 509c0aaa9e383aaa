"""What passed from one district to another, as its readers are told of it when it is sent."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from jobs.briefs import PassedOnBrief, Share
from storage import endings, organisations
from storage.claims import Claimed
from storage.database import Session
from storage.outbox import Recipient


def passed_on(session: Session, claimed: Claimed, reader: Recipient, *, today: date) -> PassedOnBrief:
    """Return what came and went, as it was counted when it did."""
    return PassedOnBrief(
        passed_on=claimed.planned_on,
        came=_shares(session, claimed.facts["came"]),
        went=_shares(session, claimed.facts["went"]),
        ending=endings.ending_of(session, reader.organisation_id, on=today),
    )


def _shares(session: Session, facts: Iterable[Mapping[str, Any]]) -> tuple[Share, ...]:
    return tuple(
        Share(
            district_name=organisations.get(session, each["district"]).name,
            units=each["units"],
            stages=each["stages"],
            waiting=each["waiting"],
        )
        for each in facts
    )
