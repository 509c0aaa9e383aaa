"""What is made in the morning: a horizon ahead, not again what was made long ago, and all of it after an outage."""

from dataclasses import replace

from jobs import materialise
from obligations.law import Law
from tests.jobs.town import Town, at


async def morning(town: Town, day: str) -> None:
    await materialise.run(town.context(), at(f"{day} 00:05"))


def months(town: Town, unit: int) -> set[str]:
    return {period for rule, period, _ in town.stages(unit) if rule == "monthly-evidence"}


async def test_what_was_due_a_month_ago_is_not_made_for_who_is_entered_late(town: Town) -> None:
    district = town.district("north")
    town.unit("first", district)
    await morning(town, "2024-02-05")
    await morning(town, "2024-05-10")
    late = town.unit("late", district)
    await morning(town, "2024-05-11")
    assert "2024-02" not in months(town, late)  # due on 20 March, long past
    assert {"2024-03", "2024-04"} <= months(town, late)  # due on 20 April and 20 May


async def test_after_a_long_outage_nothing_that_was_due_is_missing(town: Town) -> None:
    unit = town.unit("plant", town.district("north"))
    await morning(town, "2024-02-05")
    await morning(town, "2025-02-05")
    assert {f"2024-{month:02}" for month in range(1, 13)} <= months(town, unit)


async def test_a_new_notice_is_applied_to_what_is_past_too(town: Town, law: Law) -> None:
    """Nothing is settled by a law that has changed: what the new one asks for since the start is made."""
    own = [notice for notice in law.rulebook.notices if notice.authority == "municipal"]
    town.law = replace(law, rulebook=type(law.rulebook).of(own))
    city = town.city
    await morning(town, "2025-04-15")
    await morning(town, "2025-08-01")
    assert "allocation-issue" not in {rule for rule, _, _ in town.stages(city)}
    town.law = law
    await morning(town, "2025-08-02")
    assert ("allocation-issue", "2024", "municipal") in town.stages(city)
