"""When a text may arrive: the moments at which every zone a person may be in is inside its hours.

Offsets are looked up for each moment, so a clock that jumps opens and closes as the clock on the
wall says: an hour that does not exist is never open, one that exists twice is open twice.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from consent.policy.calendars import HolidayCalendar
from consent.policy.overrides import Override, live_overrides
from consent.policy.requirements import Question, required
from consent.policy.windows import MINUTES, WHOLE_DAY, Hours, Windows
from subscribers.zones import Whereabouts

# A text that is on its way when the window closes would arrive too late.
MARGIN = timedelta(minutes=15)
SEARCHED_DAYS = 8
DAY_SECONDS = 86_400
# Clocks do not jump twice within such a step.
STEP_SECONDS = 6 * 3_600
DAY_ONE = date(1970, 1, 1)


class Span(NamedTuple):
    """Half-open, in seconds since 1970 UTC."""

    begins: float
    ends: float


class Stretch(NamedTuple):
    """A span in which a zone's clock does not jump; `ahead` of UTC by so many seconds."""

    begins: int
    ends: int
    ahead: int


@dataclass(frozen=True, slots=True)
class SendingHours:
    """The hours of one person. No zone at all: never open, since nobody knows what time it is."""

    windows: Windows
    zones: frozenset[str]
    calendar: HolidayCalendar
    margin: timedelta = MARGIN
    # What was worked out for a UTC date already; no part of the value.
    _days: dict[int, tuple[Span, ...]] = field(default_factory=dict, compare=False, repr=False)

    def opens_at(self, at: datetime) -> datetime | None:
        """`at` itself when open; else the next moment that is; None when none comes in 8 days.

        By the rules that these hours were made for: ask anew when that moment has come.
        """
        now = at.timestamp()
        today = int(now // DAY_SECONDS)
        for day in range(today, today + SEARCHED_DAYS + 1):
            for span in self._open_on(day):
                if span.ends > now:
                    return at if span.begins <= now else _soon(span.begins, now)
        return None

    def _open_on(self, day: int) -> tuple[Span, ...]:
        """When all zones are open, within the UTC date of that many days since 1970."""
        spans = self._days.get(day)
        if spans is None:
            spans = self._days[day] = self._every_zone_on(day)
        return spans

    def _every_zone_on(self, day: int) -> tuple[Span, ...]:
        whole = Span(day * DAY_SECONDS, (day + 1) * DAY_SECONDS)
        spans: tuple[Span, ...] = (whole,) if self.zones else ()
        for zone in self.zones:
            spans = tuple(_in_both(spans, tuple(self._zone_on(zone, day))))
        return spans

    def _zone_on(self, zone: str, day: int) -> Iterator[Span]:
        for begins, ends, ahead in _stretches(zone, day):
            first, last = (begins + ahead) // DAY_SECONDS, (ends + ahead - 1) // DAY_SECONDS
            for local_day in range(first, last + 1):
                span = self._local(local_day, ahead)
                yield from _in_both((span,) if span else (), (Span(begins, ends),))

    def _local(self, local_day: int, ahead: int) -> Span | None:
        """The hours of a local date, where the clock is `ahead` of UTC."""
        hours = self._hours(local_day)
        if hours is None:
            return None
        midnight = local_day * DAY_SECONDS - ahead
        ends = midnight + hours.closes * 60 - self._margin(hours, local_day)
        return Span(midnight + hours.opens * 60, ends)

    def _hours(self, local_day: int) -> Hours | None:
        day = DAY_ONE + timedelta(days=local_day)
        cares = self.windows.holiday != WHOLE_DAY
        return self.windows.on(day.weekday(), is_holiday=cares and self.calendar.is_holiday(day))

    def _margin(self, hours: Hours, local_day: int) -> float:
        """None where the next day goes on at midnight."""
        if hours.closes == MINUTES:
            tomorrow = self._hours(local_day + 1)
            if tomorrow and tomorrow.opens == 0:
                return 0
        return self.margin.total_seconds()


def _soon(begins: float, now: float) -> datetime | None:
    if begins > now + SEARCHED_DAYS * DAY_SECONDS:
        return None
    return datetime.fromtimestamp(begins, tz=UTC)


def _in_both(one: Iterable[Span], other: Iterable[Span]) -> Iterator[Span]:
    """What two ordered lists of spans share, in order."""
    others = tuple(other)
    for span in one:
        for second in others:
            shared = Span(max(span.begins, second.begins), min(span.ends, second.ends))
            if shared.begins < shared.ends:
                yield shared


@functools.lru_cache(maxsize=16_384)
def _stretches(zone: str, day: int) -> tuple[Stretch, ...]:
    """A UTC date cut where the zone's clock jumps."""
    begins, ends = day * DAY_SECONDS, (day + 1) * DAY_SECONDS
    clock = ZoneInfo(zone)
    steps = range(begins, ends + 1, STEP_SECONDS)
    jumps = [_jump(clock, *step) for step in pairwise(steps) if _differs(clock, *step)]
    cuts = pairwise([begins, *jumps, ends])
    return tuple(Stretch(first, last, _ahead(clock, first)) for first, last in cuts if first < last)


def _differs(clock: ZoneInfo, first: int, last: int) -> bool:
    return _ahead(clock, first) != _ahead(clock, last)


def _jump(clock: ZoneInfo, before: int, after: int) -> int:
    """The second at which the clock has jumped, between two that differ."""
    while after - before > 1:
        middle = (before + after) // 2
        if _differs(clock, before, middle):
            after = middle
        else:
            before = middle
    return after


def _ahead(clock: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, tz=clock).utcoffset()
    return round(offset.total_seconds()) if offset else 0


def sending_hours(
    where: Whereabouts,
    *,
    at: datetime,
    kind: str = "marketing",
    overrides: tuple[Override, ...] | None = None,
) -> SendingHours:
    """The hours that count at `at`. `overrides` as in `requirements`."""
    live = live_overrides(at=at) if overrides is None else overrides
    return _cached(where.zones, where.jurisdictions, live, Question.at(at, kind))


@functools.lru_cache(maxsize=4_096)
def _cached(
    zones: frozenset[str],
    jurisdictions: frozenset[str],
    overrides: tuple[Override, ...],
    question: Question,
) -> SendingHours:
    asked = required(jurisdictions, overrides, question)
    return SendingHours(asked.windows, zones, HolidayCalendar(jurisdictions))
