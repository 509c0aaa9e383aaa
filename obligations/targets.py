"""Shares and caps the notice counts: how many units are enough, how much may be offset.

Whole numbers only, so that 95 % of 20 is 19 and not 18.999. Who counts as done is decided by the caller.
"""

_HUNDRED = 100
COMPLETION_PERCENT = 95
"""Notice 二(五): 至少达到95%的重点排放单位完成履约."""
CCER_PERCENT = 5
"""Notice 二(五): 抵销比例不得超过应清缴配额量的5%."""


def needed(total: int, percent: int = COMPLETION_PERCENT) -> int | None:
    """Return the smallest number of units that is at least ``percent`` of ``total``; none for no units.

    Raises:
        ValueError: ``total`` is negative or ``percent`` is not within 0 to 100.
    """
    if total < 0:
        raise ValueError(f"a number of units is not negative: {total}")
    if not 0 <= percent <= _HUNDRED:
        raise ValueError(f"a percentage lies within 0 to 100: {percent}")
    return -(-percent * total // _HUNDRED) if total else None


def short_of(total: int, done: int, percent: int = COMPLETION_PERCENT) -> int | None:
    """Return how many units are missing to ``percent`` of ``total``; 0 once reached, none for no units.

    Raises:
        ValueError: ``done`` is not within 0 to ``total``, or as `needed` does.
    """
    target = needed(total, percent)
    if not 0 <= done <= total:
        raise ValueError(f"of {total} units between none and all are done, not {done}")
    return None if target is None else max(0, target - done)


def ccer_cap(due_surrender: int) -> int:
    """Return how many tonnes may be offset by CCER: 5 % of the due surrender, rounded down to whole tonnes.

    Raises:
        ValueError: ``due_surrender``, in tonnes, is negative.
    """
    if due_surrender < 0:
        raise ValueError(f"a due surrender is not negative: {due_surrender}")
    return due_surrender * CCER_PERCENT // _HUNDRED
