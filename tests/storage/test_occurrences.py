"""What an officer records, and every duty that arises from it: 渝环规〔2023〕2号 二(四), 二(五), 二(七), 二(九), 四(三)."""

from datetime import UTC, date
from typing import Any

import pytest
from sqlalchemy import select

from obligations.decisions import Status
from obligations.notice import Level
from obligations.periods import Period
from obligations.terms import Occasion
from storage import occurrences, trail
from storage.database import Session
from storage.errors import NotFoundError, OccurrenceRefusedError
from storage.models import Contact, Event, Notification, NotificationKind, Obligation, Occurrence, Stage
from tests.storage.bureau import Bureau, at

OFFICER = "north-1"
Row = tuple[str, str, str, str, date | None, str]


def record(
    bureau: Bureau,
    occasion: Occasion,
    on: str,
    *,
    subject: str = "mill",
    when: str = "2024-03-06 10:00",
    evidence: str | None = None,
    period: str | None = None,
    note: str = "抽查发现",
    document: str = "",
) -> int:
    def work(session: Session) -> int:
        subject_id = getattr(bureau, subject)
        duty, _, month = (evidence or "").partition(":")
        stage_id = occurrences.stage_of(session, subject_id, duty, month) if evidence else None
        return occurrences.record(
            session,
            bureau.law,
            occasion=occasion,
            subject_id=subject_id,
            happened_on=date.fromisoformat(on),
            note=note,
            document=document,
            by=bureau.actor(Level.DISTRICT),
            now=at(when).astimezone(UTC),
            stage_id=stage_id,
            period=None if period is None else Period.parse(period),
        ).id

    return bureau.database.write(work)


def refusal(bureau: Bureau, occasion: Occasion, on: str, **how: Any) -> str:  # noqa: ANN401  # whatever `record` takes
    with pytest.raises(OccurrenceRefusedError) as caught:
        record(bureau, occasion, on, **how)
    return caught.value.code


def made(bureau: Bureau, occurrence: int) -> list[Row]:
    """Return each stage that arose: duty, period, who acts, who checks, its date, and how firm it is."""

    def work(session: Session) -> list[Row]:
        names = {
            None: "",
            **{getattr(bureau, each): each for each in ("city", "north", "south", "mill", "kiln", "dam")},
        }
        rows = session.scalars(
            select(Stage)
            .join(Obligation, Obligation.id == Stage.obligation_id)
            .where(Obligation.part == f"#{occurrence}")
            .order_by(Stage.id)
        )
        return [
            (
                stage.rule,
                stage.period,
                names[stage.actor_id],
                names[stage.checker_id],
                stage.due_on,
                stage.due_kind.value,
            )
            for stage in rows
        ]

    return bureau.database.read(work)


class TestAFindingAtAUnit:
    def test_of_abnormal_data_is_the_districts_to_settle_and_the_citys_to_check(self, bureau: Bureau) -> None:
        found = record(bureau, Occasion.ANOMALY, "2024-03-05")
        assert made(bureau, found) == [("anomaly", "2024-03", "north", "city", None, "none")]

    def test_by_a_complaint_is_the_districts_alone(self, bureau: Bureau) -> None:
        found = record(bureau, Occasion.COMPLAINT, "2024-03-05", subject="dam")
        assert made(bureau, found) == [("complaint", "2024-03", "south", "", None, "none")]

    def test_two_of_one_month_are_two_duties(self, bureau: Bureau) -> None:
        first = record(bureau, Occasion.ANOMALY, "2024-03-05")
        second = record(bureau, Occasion.ANOMALY, "2024-03-05")
        assert len(made(bureau, first)) == len(made(bureau, second)) == 1

    def test_may_be_recorded_of_the_district_itself(self, bureau: Bureau) -> None:
        found = record(bureau, Occasion.VIOLATION_CLUE, "2024-03-05", subject="north")
        assert made(bureau, found) == [("clue-transfer", "2024-03", "north", "", None, "none")]


class TestUnfitEvidence:
    def test_gives_the_unit_three_working_days_after_the_finding(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-18 10:00")
        bureau.accept("2024-02-19 10:00")
        found = record(
            bureau,
            Occasion.UNFIT_EVIDENCE,
            "2024-02-27",
            when="2024-02-27 15:00",
            evidence="monthly-evidence:2024-01",
        )
        assert made(bureau, found) == [("correction", "2024-01", "mill", "north", date(2024, 3, 1), "firm")]

    def test_is_of_evidence_that_was_accepted(self, bureau: Bureau) -> None:
        of = {"evidence": "monthly-evidence:2024-01", "when": "2024-02-19 15:00"}
        assert refusal(bureau, Occasion.UNFIT_EVIDENCE, "2024-02-19", **of) == "not_handed_over"
        bureau.submit("2024-02-19 15:30")
        assert refusal(bureau, Occasion.UNFIT_EVIDENCE, "2024-02-19", **of) == "waiting_check"
        bureau.send_back("2024-02-19 16:00")
        assert refusal(bureau, Occasion.UNFIT_EVIDENCE, "2024-02-19", **of) == "returned"

    def test_is_not_recorded_twice_while_its_correction_runs(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-18 10:00")
        bureau.accept("2024-02-19 10:00")
        of = {"evidence": "monthly-evidence:2024-01", "when": "2024-02-27 15:00"}
        found = record(bureau, Occasion.UNFIT_EVIDENCE, "2024-02-27", **of)
        assert refusal(bureau, Occasion.UNFIT_EVIDENCE, "2024-02-27", **of) == "recorded"

        def settle(session: Session) -> None:
            [stage] = session.scalars(
                select(Stage).join(Stage.obligation).where(Obligation.part == f"#{found}")
            )
            stage.status = Status.ACCEPTED

        bureau.database.write(settle)
        assert record(bureau, Occasion.UNFIT_EVIDENCE, "2024-02-27", **of) != found

    def test_needs_the_evidence_it_is_of(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.UNFIT_EVIDENCE, "2024-03-05") == "no_stage"
        with pytest.raises(NotFoundError, match="no duty monthly-evidence for 2023-12"):
            record(bureau, Occasion.UNFIT_EVIDENCE, "2024-03-05", evidence="monthly-evidence:2023-12")

    def test_before_its_month_began_is_refused(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-18 10:00")
        bureau.accept("2024-02-19 10:00")
        of = {"evidence": "monthly-evidence:2024-01"}
        assert refusal(bureau, Occasion.UNFIT_EVIDENCE, "2023-12-31", **of) == "too_early"


class TestALicenceToBeCancelled:
    def test_has_its_last_day_before_the_cancellation(self, bureau: Bureau) -> None:
        found = record(bureau, Occasion.LICENCE_CANCELLATION, "2024-06-30")
        assert made(bureau, found) == [
            ("closing-unit-verification", "2024-06", "mill", "north", date(2024, 6, 29), "firm")
        ]

    def test_may_be_tomorrow_and_not_today(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.LICENCE_CANCELLATION, "2024-03-06") == "passed"
        found = record(bureau, Occasion.LICENCE_CANCELLATION, "2024-03-07")
        assert [row[4] for row in made(bureau, found)] == [date(2024, 3, 6)]


class TestWhatDoesNotFit:
    def test_a_finding_of_tomorrow(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.ANOMALY, "2024-03-07") == "future"
        assert record(bureau, Occasion.ANOMALY, "2024-03-06")

    def test_today_is_shanghais(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.ANOMALY, "2024-03-07", when="2024-03-06 23:59") == "future"
        assert record(bureau, Occasion.ANOMALY, "2024-03-07", when="2024-03-07 00:00")

    def test_a_complaint_from_before_the_notice_was_in_force(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.COMPLAINT, "2023-08-31") == "too_early"
        assert record(bureau, Occasion.COMPLAINT, "2023-09-01")

    def test_what_no_notice_speaks_of(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.USE_OF_CCER, "2024-03-06", period="2023") == "nothing_arises"
        assert refusal(bureau, Occasion.ANOMALY, "2024-03-05", subject="city") == "nothing_arises"

    def test_a_finding_without_a_word_or_with_too_many(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.ANOMALY, "2024-03-05", note="  ") == "no_note"
        assert refusal(bureau, Occasion.ANOMALY, "2024-03-05", note="长" * 1001) == "too_long"
        assert refusal(bureau, Occasion.ANOMALY, "2024-03-05", document="长" * 201) == "too_long"

    def test_a_surrender_that_is_not_in_default(self, bureau: Bureau) -> None:
        assert refusal(bureau, Occasion.DEFAULT, "2024-03-05") == "no_stage"

    def test_leaves_nothing_behind(self, bureau: Bureau) -> None:
        refusal(bureau, Occasion.ANOMALY, "2024-03-07")
        assert bureau.database.read(lambda session: session.scalar(select(Occurrence))) is None


class TestWhatIsKept:
    def test_who_recorded_what_and_when(self, bureau: Bureau) -> None:
        found = record(
            bureau, Occasion.PENALTY, "2024-03-05", note="罚款两万元", document="云环罚〔2024〕3号"
        )

        def work(session: Session) -> tuple[dict[str, Any], int | None, int | None]:
            event = session.scalars(select(Event).where(Event.kind == "occurred")).one()
            assert trail.first_broken(session) is None
            return event.detail, event.contact_id, event.organisation_id

        detail, contact, organisation = bureau.database.read(work)
        assert (contact, organisation) == (bureau.people[OFFICER], bureau.mill)
        assert detail["occurrence"] == found
        assert (detail["note"], detail["document"]) == ("罚款两万元", "云环罚〔2024〕3号")
        assert (detail["happened_on"], detail["duties"]) == ("2024-03-05", ["penalty-publication"])

    def test_who_must_act_hears_of_it_once_and_not_who_recorded_it(self, bureau: Bureau) -> None:
        record(bureau, Occasion.ANOMALY, "2024-03-05")
        assert bureau.told() == [("north-2", "event")]
        record(bureau, Occasion.LICENCE_CANCELLATION, "2024-06-30")
        assert bureau.told()[1:] == [("mill", "event")]

    def test_nobody_hears_of_it_at_night(self, bureau: Bureau) -> None:
        record(bureau, Occasion.LICENCE_CANCELLATION, "2024-06-30", when="2024-03-06 23:30")
        [waits_until] = bureau.database.read(
            lambda session: session.scalars(
                select(Notification.not_before).where(Notification.kind == NotificationKind.EVENT)
            ).all()
        )
        assert waits_until == at("2024-03-07 07:00")

    def test_the_list_says_what_arose_the_latest_first(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-18 10:00")
        bureau.accept("2024-02-19 10:00")
        record(bureau, Occasion.COMPLAINT, "2024-03-05")
        record(bureau, Occasion.UNFIT_EVIDENCE, "2024-03-06", evidence="monthly-evidence:2024-01")
        told = bureau.database.read(
            lambda session: [
                (each.occurrence.occasion.value, each.subject.name, each.cause, each.duties)
                for each in occurrences.listed(session)
            ]
        )
        assert told == [
            (
                "unfit_evidence",
                "北岭热电有限公司",
                ("monthly-evidence", "2024-01"),
                (("correction", "2024-01"),),
            ),
            ("complaint", "北岭热电有限公司", None, (("complaint", "2024-03"),)),
        ]

    def test_an_administrator_may_record_it_without_being_a_contact(self, bureau: Bureau) -> None:
        def work(session: Session) -> int | None:
            assert session.get(Contact, bureau.people[OFFICER]) is not None
            return occurrences.record(
                session,
                bureau.law,
                occasion=Occasion.COMPLAINT,
                subject_id=bureau.mill,
                happened_on=date(2024, 3, 5),
                note="市长信箱来信",
                document="",
                by=None,
                now=at("2024-03-06 10:00").astimezone(UTC),
            ).contact_id

        assert bureau.database.write(work) is None
        assert [address for address, _ in bureau.told()] == ["north-1", "north-2"]
