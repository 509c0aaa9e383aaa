"""When in the day each job has its hour, in Asia/Shanghai. What runs then is in `jobs.timetable`."""

from datetime import date, datetime, time, timedelta

from storage.types import NOTICE_ZONE

MATERIALISE_AT = time(0, 5)
HOUSEKEEPING_AT = time(3, 30)
DAILY_DIGEST_AT = time(8, 30)
WEEKLY_DIGEST_AT = time(8, 45)
REMINDERS_AT = time(9, 0)

LATE_AFTER = timedelta(hours=1)
"""A digest that is sent so much after its hour says that it is late."""


def instant(day: date, hour: time) -> datetime:
    """Return the instant of an hour of a day in Asia/Shanghai."""
    return datetime.combine(day, hour, tzinfo=NOTICE_ZONE)


def monday_of(day: date) -> date:
    """Return the Monday of a day's ISO week."""
    return day - timedelta(days=day.weekday())


def iso_week(day: date) -> str:
    """Return a day's ISO week, for example ``2024-W06``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
