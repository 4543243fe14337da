"""A clock that stands until it is told to go."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """`Clock` for tests: `advance` moves both of its times, `jump` the wall clock alone."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start if start is not None else datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self._monotonic = 1_000.0

    def copy(self) -> "FakeClock":
        """A clock that stands at the same moment."""
        found = FakeClock(self._now)
        found._monotonic = self._monotonic
        return found

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """The wall clock is set; nothing has passed."""
        self._now += timedelta(seconds=seconds)
