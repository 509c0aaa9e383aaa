"""The clocks of a real run: the system's, or one that starts at a chosen instant and then runs on. The only readers of time."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """The system's time, shifted so that it started at ``start``; not shifted where there is none."""

    def __init__(self, start: datetime | None = None) -> None:
        self.shift = timedelta() if start is None else start - self._real()

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self._real() + self.shift

    @staticmethod
    def _real() -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # this is the clock
