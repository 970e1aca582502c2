"""What happens when, played in the order of time whatever the order it was planned in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# In UTC: morning in Honolulu, evening in Stockholm; nobody between is woken.
CAMPAIGN_HOUR = 18
Act = Callable[[datetime], object]


@dataclass(frozen=True)
class Calendar:
    """The dates of the year that ends `now`."""

    now: datetime

    def days_ago(self, days: int, hour: int) -> datetime:
        day = self.now - timedelta(days=days)
        return day.replace(hour=hour, minute=0, second=0, microsecond=0)

    @property
    def opening(self) -> datetime:
        """When the library began to text people."""
        return self.days_ago(365, 9)

    @property
    def totes(self) -> datetime:
        return self.days_ago(45, CAMPAIGN_HOUR)

    @property
    def wrong_day(self) -> datetime:
        return self.days_ago(33, CAMPAIGN_HOUR)

    @property
    def late_evening(self) -> datetime:
        return self.days_ago(21, CAMPAIGN_HOUR)

    @property
    def winter_sale(self) -> datetime:
        return self.days_ago(10, CAMPAIGN_HOUR)


@dataclass
class Timeline:
    calendar: Calendar
    _acts: list[tuple[datetime, Act]] = field(default_factory=list)

    def plan(self, at: datetime, act: Act) -> None:
        if at > self.calendar.now:
            raise ValueError("the sample data ends now")
        self._acts.append((at, act))

    def play(self) -> None:
        """Acts planned for one moment come in the order in which they were planned."""
        for at, act in sorted(self._acts, key=lambda planned: planned[0]):
            act(at)
