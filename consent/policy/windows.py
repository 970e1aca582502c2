"""Hours of a day in which texts may arrive, by weekday and on holidays. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES = 24 * 60


class Hours(NamedTuple):
    """Minutes after local midnight, half-open: at `closes` it is closed."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{clock(self.opens)}-{clock(self.closes)}"


def clock(minute: int) -> str:
    """Such as "08:30"; midnight at the end of a day is "24:00"."""
    return f"{minute // 60:02}:{minute % 60:02}"


WHOLE_DAY = Hours(0, MINUTES)


def overlap(one: Hours | None, other: Hours | None) -> Hours | None:
    """The minutes in both; None when there are none."""
    if one is None or other is None:
        return None
    both = Hours(max(one.opens, other.opens), min(one.closes, other.closes))
    return both if both.opens < both.closes else None


@dataclass(frozen=True, slots=True)
class Windows:
    """`days` from Monday to Sunday. A holiday has its weekday's hours, as far as `holiday` goes.

    None means: no texts on such a day.
    """

    days: tuple[Hours | None, ...]
    holiday: Hours | None

    def on(self, weekday: int, *, is_holiday: bool) -> Hours | None:
        """The hours of one day; Monday is 0."""
        hours = self.days[weekday]
        return overlap(hours, self.holiday) if is_holiday else hours

    def __and__(self, other: Windows) -> Windows:
        """What is open in both."""
        days = tuple(overlap(*pair) for pair in zip(self.days, other.days, strict=True))
        return Windows(days, overlap(self.holiday, other.holiday))

    @property
    def is_empty(self) -> bool:
        """Nothing may ever be sent: rules that contradict each other, to be shown as an error."""
        return not any(self.days)


ALWAYS = Windows((WHOLE_DAY,) * 7, WHOLE_DAY)
