"""Public holidays and business days, from the `holidays` library. Pure.

A country it does not know has no holidays here, and Saturday and Sunday for its weekend.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import holidays
from holidays.holiday_base import HolidayBase

ONE_DAY = timedelta(days=1)
WEEKEND = frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """The holidays of every jurisdiction a person may be in."""

    jurisdictions: frozenset[str]

    def is_holiday(self, day: date) -> bool:
        """It is one in any of them."""
        return any(day in holidays_of(code, day.year) for code in self.jurisdictions)


@functools.lru_cache(maxsize=4_096)
def holidays_of(jurisdiction: str, year: int) -> frozenset[date]:
    """Of a country ("GB") or of a region ("US-FL"), whose own days are among them."""
    found = _calendar(jurisdiction, year)
    return frozenset() if found is None else frozenset(d for d in found if d.year == year)


def has_region(jurisdiction: str) -> bool:
    """Whether the region is known; where none of a country's are, any code will do."""
    country, _dash, region = jurisdiction.partition("-")
    known = getattr(_calendar(country, 2026), "subdivisions", ())
    return not known or region in known


def business_day_after(start: date, days: int, jurisdictions: Iterable[str]) -> date:
    """The last of `days` business days after `start`, where it comes first.

    A deadline is kept everywhere if it is kept there. Only days off of a whole
    country count, since those of a region would make it longer.
    """
    countries = {code.partition("-")[0] for code in jurisdictions} or {""}
    return min(_business_day_after(start, days, country) for country in countries)


def _business_day_after(start: date, days: int, country: str) -> date:
    day = start
    while days > 0:
        day += ONE_DAY
        days -= is_business_day(day, country)
    return day


def is_business_day(day: date, country: str) -> bool:
    return day.weekday() not in _weekend(country) and day not in holidays_of(country, day.year)


@functools.cache
def _weekend(country: str) -> frozenset[int]:
    found = _calendar(country, 2026)
    return WEEKEND if found is None else frozenset(found.weekend)


def _calendar(jurisdiction: str, year: int) -> HolidayBase | None:
    country, _dash, region = jurisdiction.partition("-")
    try:
        return _of_region(country, region, year)
    except NotImplementedError:
        return None


def _of_region(country: str, region: str, year: int) -> HolidayBase:
    try:
        return holidays.country_holidays(country, subdiv=region or None, years=year)
    except NotImplementedError:
        # The library knows the country, but not this part of it.
        return holidays.country_holidays(country, years=year)
