from __future__ import annotations

from datetime import date

import pytest

from consent.policy.calendars import (
    HolidayCalendar,
    business_day_after,
    has_region,
    is_business_day,
)


def calendar(*codes: str) -> HolidayCalendar:
    return HolidayCalendar(frozenset(codes))


@pytest.mark.parametrize(
    ("code", "day", "is_holiday"),
    [
        ("GB", date(2026, 12, 25), True),
        ("GB", date(2026, 12, 24), False),
        ("DE", date(2026, 8, 15), False),
        ("DE-BY", date(2026, 8, 15), False),
        ("DE-BY", date(2026, 1, 6), True),
        ("DE-BY", date(2026, 12, 25), True),
        ("US-TX", date(2026, 7, 4), True),
        ("ZZ", date(2026, 12, 25), False),
        ("DE-XX", date(2026, 12, 25), True),
    ],
)
def test_a_region_has_its_countrys_days_and_its_own(code: str, day: date, is_holiday: bool) -> None:
    assert calendar(code).is_holiday(day) is is_holiday


def test_a_day_off_in_any_place_is_one() -> None:
    assert calendar("DE", "FR").is_holiday(date(2026, 7, 14))
    assert not calendar().is_holiday(date(2026, 12, 25))


def test_ten_business_days_skip_weekends_and_federal_holidays() -> None:
    # Thanksgiving is on 2026-11-26.
    assert business_day_after(date(2026, 11, 20), 10, ["US"]) == date(2026, 12, 7)
    assert business_day_after(date(2026, 11, 20), 0, ["US"]) == date(2026, 11, 20)


def test_the_soonest_of_several_places_is_the_deadline() -> None:
    assert business_day_after(date(2026, 11, 20), 10, ["US", "GB"]) == date(2026, 12, 4)
    assert business_day_after(date(2026, 11, 20), 10, []) == date(2026, 12, 4)


def test_days_off_of_a_region_make_no_deadline_longer() -> None:
    assert business_day_after(date(2026, 1, 5), 1, ["DE-BY"]) == date(2026, 1, 6)


def test_a_country_has_its_own_weekend() -> None:
    sunday = date(2026, 11, 22)
    assert is_business_day(sunday, "IL")
    assert not is_business_day(sunday, "GB")


def test_regions_are_known_where_the_country_has_them() -> None:
    assert has_region("US-FL")
    assert not has_region("US-ZZ")
