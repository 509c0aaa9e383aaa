"""渝环规〔2023〕2号 alone, and how the tests of its clauses ask for a date.

Other notices may bind the same duties; what they change is tested elsewhere. Nothing here computes an expected date.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from obligations import deadlines
from obligations.calendar import load_calendar
from obligations.deadlines import DueDate, DueKind, Facts, ReasonCode, due
from obligations.notice import Rule, Sector, Stage, load_notice
from obligations.periods import Period

NOTICE = load_notice(Path(deadlines.__file__).parent / "notices" / "cq-2023-2.toml")
CALENDAR = load_calendar()
BEIJING = timezone(timedelta(hours=8))
PLATFORM = "全国碳市场管理平台"
REGISTRY = "全国碳排放权注册登记系统"
ROLLING = "next_working_day"


def chongqing(name: str) -> Rule:
    """Return one rule of the notice."""
    (rule,) = (rule for rule in NOTICE.rules if rule.name == name)
    return rule


def of(
    rule: str,
    stage: str,
    period: str,
    *submitted_on: date,
    found_on: date | None = None,
    announced_on: date | None = None,
    roll: str | None = None,
) -> DueDate:
    """Return when a stage is due, from the facts."""
    facts = Facts(submitted_on=submitted_on, found_on=found_on, announced_on=announced_on)
    return due(chongqing(rule), stage, Period.parse(period), facts=facts, calendar=CALENDAR, roll=roll)


def codes(found: DueDate) -> list[ReasonCode]:
    """Return the codes of the reasons, in order."""
    return [reason.code for reason in found.reasons]


def shanghai_day(utc: str) -> date:
    """Return the day in Shanghai of an instant written in UTC."""
    return datetime.fromisoformat(utc).astimezone(ZoneInfo("Asia/Shanghai")).date()


def last_second(found: DueDate) -> str:
    """Return the last second that is in time, written in UTC."""
    assert found.overdue_from is not None
    return (found.overdue_from - timedelta(seconds=1)).astimezone(UTC).isoformat()


def is_undated(found: DueDate) -> bool:
    """Tell whether everything about it says that the notice gives no date."""
    return (found.due_on, found.overdue_from, found.safe_target_on, found.kind, codes(found)) == (
        None,
        None,
        None,
        DueKind.NONE,
        [ReasonCode.NO_DATE],
    )


def bearer(rule: str, stage: str) -> tuple[str, str, str]:
    """Return the clause of a stage, who acts, and whose obligation it is."""
    step = chongqing(rule).stage(stage)
    return (step.clause, step.actor, step.per)


def handed(rule: str, stage: str) -> tuple[str, str | None, str | None]:
    """Return to whom a stage is handed over, who checks it, and by which platform in Chinese."""
    step = chongqing(rule).stage(stage)
    return (step.submit_to, step.checked_by, None if step.channel is None else step.channel.zh)


def said(rule: str, stage: str) -> str:
    """Return in Chinese what a stage asks for: its evidence and its conditions, a line each."""
    step: Stage = chongqing(rule).stage(stage)
    return "\n".join([step.evidence.zh, *(condition.zh for condition in step.conditions)])


def bound(rule: str, fuel: str | None = None) -> set[str]:
    """Return the sectors whose units with this fuel the rule binds."""
    return {sector.value for sector in Sector if chongqing(rule).applies_to(sector, fuel)}


NON_POWER = {sector.value for sector in Sector} - {"power"}
EVERY_SECTOR = {sector.value for sector in Sector}
