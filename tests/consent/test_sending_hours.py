from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.policy.calendars import HolidayCalendar
from consent.policy.sending_hours import SendingHours, sending_hours
from consent.policy.windows import ALWAYS, Hours, Windows
from subscribers.zones import Whereabouts, whereabouts
from tests.consent import policies

MINUTE = timedelta(minutes=1)
# Clocks that jump by an hour, by half of one, at midnight, into another day, or never.
ZONES = (
    "Europe/London", "America/New_York", "America/Los_Angeles", "Australia/Lord_Howe",
    "America/Santiago", "Africa/Cairo", "America/Scoresbysund", "Asia/Kathmandu",
    "Pacific/Chatham", "Pacific/Kiritimati", "America/St_Johns", "Africa/Casablanca", "UTC",
)  # fmt: skip
COUNTRIES = ("GB", "US", "US-LA", "FR", "DE-BY", "JP", "AU", "CL", "EG")


def place(zones: set[str], jurisdictions: set[str]) -> Whereabouts:
    return Whereabouts(frozenset(zones), frozenset(jurisdictions), "declared")


def daily(opens: str, closes: str) -> Windows:
    first, last = (int(t[:2]) * 60 + int(t[3:]) for t in (opens, closes))
    return Windows((Hours(first, last),) * 7, Hours(first, last))


def hours(windows: Windows, *zones: str, countries: tuple[str, ...] = ()) -> SendingHours:
    return SendingHours(windows, frozenset(zones), HolidayCalendar(frozenset(countries)))


def is_open(given: SendingHours, at: datetime) -> bool:
    """The plain reading of the promise, by the clock on each wall."""
    return bool(given.zones) and all(_is_open_in(given, zone, at) for zone in given.zones)


def _is_open_in(given: SendingHours, zone: str, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(zone))
    day = wall.date()
    found = given.windows.on(wall.weekday(), is_holiday=given.calendar.is_holiday(day))
    if found is None:
        return False
    after = day + timedelta(days=1)
    tomorrow = given.windows.on(after.weekday(), is_holiday=given.calendar.is_holiday(after))
    goes_on = found.closes == 1440 and tomorrow is not None and tomorrow.opens == 0
    margin = 0 if goes_on else 15 * 60
    seconds = wall.hour * 3600 + wall.minute * 60 + wall.second
    return found.opens * 60 <= seconds < found.closes * 60 - margin


# Half of them within days of a jump, a leap day or a turn of the year.
moments = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)),  # noqa: DTZ001
    st.builds(
        lambda day, minutes: day + timedelta(minutes=minutes),
        st.sampled_from(
            [datetime(2026, 3, 8), datetime(2026, 11, 1), datetime(2026, 3, 29),  # noqa: DTZ001
             datetime(2026, 10, 25), datetime(2026, 4, 5), datetime(2026, 10, 4),  # noqa: DTZ001
             datetime(2026, 9, 6), datetime(2028, 2, 29), datetime(2026, 12, 31)]  # noqa: DTZ001
        ),
        st.integers(-3_000, 3_000),
    ),
).map(lambda wall: wall.replace(tzinfo=UTC))  # fmt: skip
any_hours = st.builds(
    SendingHours,
    policies.windows,
    st.frozensets(st.sampled_from(ZONES), min_size=1, max_size=3),
    st.builds(HolidayCalendar, st.frozensets(st.sampled_from(COUNTRIES), max_size=2)),
)


@given(any_hours, moments)
@settings(policies.unhurried, max_examples=150)
def test_it_opens_at_the_first_moment_at_which_every_zone_is_inside(
    given_hours: SendingHours, at: datetime
) -> None:
    opens = given_hours.opens_at(at)
    last = opens if opens is not None else at + timedelta(days=8)
    if opens is not None:
        assert opens >= at
        assert is_open(given_hours, opens)
        assert given_hours.opens_at(opens) == opens
    # From the next full minute on: clocks and windows change at full minutes only.
    minute = at.replace(second=0, microsecond=0) + MINUTE
    while minute < last:
        assert not is_open(given_hours, minute), minute
        minute += MINUTE


@given(any_hours, moments)
@policies.unhurried
def test_a_moment_is_open_exactly_when_every_wall_clock_is_inside(
    given_hours: SendingHours, at: datetime
) -> None:
    assert (given_hours.opens_at(at) == at) is is_open(given_hours, at)


@given(any_hours, moments, st.sampled_from(ZONES))
@policies.unhurried
def test_another_zone_never_opens_earlier(
    given_hours: SendingHours, at: datetime, zone: str
) -> None:
    more = SendingHours(given_hours.windows, given_hours.zones | {zone}, given_hours.calendar)
    opens = more.opens_at(at)
    if opens is not None:
        alone = given_hours.opens_at(at)
        assert alone is not None
        assert alone <= opens


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-24T07:59:59", "2026-11-24T08:00:00"),
        ("2026-11-24T08:00:00", "2026-11-24T08:00:00"),
        ("2026-11-24T19:44:59", "2026-11-24T19:44:59"),
        ("2026-11-24T19:45:00", "2026-11-25T08:00:00"),
        ("2026-11-24T23:00:00", "2026-11-25T08:00:00"),
    ],
)
def test_it_is_half_open_and_ends_fifteen_minutes_early(at: str, opens: str) -> None:
    found = hours(daily("08:00", "20:00"), "UTC")
    assert found.opens_at(moment(at)) == moment(opens)


def moment(wall: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)


def test_all_zones_have_to_be_inside() -> None:
    found = hours(daily("08:00", "21:00"), "America/New_York", "America/Los_Angeles")
    assert found.opens_at(moment("2026-11-24T09:00", "America/New_York")) == moment(
        "2026-11-24T11:00", "America/New_York"
    )
    assert found.opens_at(moment("2026-11-24T20:45", "America/New_York")) == moment(
        "2026-11-25T11:00", "America/New_York"
    )


def test_the_whole_of_the_united_states_leaves_two_hours() -> None:
    found = hours(daily("08:00", "21:00"), "America/New_York", "Pacific/Honolulu")
    assert found.opens_at(moment("2026-11-24T12:00", "America/New_York")) == moment(
        "2026-11-24T13:00", "America/New_York"
    )


def test_hours_without_a_moment_in_common_never_open() -> None:
    found = hours(daily("08:00", "21:00"), "Asia/Tokyo", "Pacific/Honolulu", "Europe/Paris")
    assert found.opens_at(moment("2026-11-24T12:00")) is None


def test_nobody_knows_what_time_it_is_without_a_zone() -> None:
    assert hours(ALWAYS).opens_at(moment("2026-11-24T12:00")) is None


def test_a_window_no_longer_than_the_margin_never_opens() -> None:
    assert hours(daily("08:00", "08:15"), "UTC").opens_at(moment("2026-11-24T08:00")) is None


def test_an_hour_that_does_not_exist_is_never_open() -> None:
    found = hours(daily("01:00", "02:45"), "Europe/London")
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert found.opens_at(before) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    narrow = hours(daily("01:00", "02:00"), "Europe/London")
    assert narrow.opens_at(before) == datetime(2026, 3, 30, 0, 0, tzinfo=UTC)


def test_a_window_that_begins_in_the_gap_opens_when_the_clock_has_jumped() -> None:
    found = hours(daily("01:30", "04:00"), "Europe/London")
    assert found.opens_at(datetime(2026, 3, 29, 0, 0, tzinfo=UTC)) == datetime(
        2026, 3, 29, 1, 0, tzinfo=UTC
    )


def test_an_hour_that_exists_twice_is_open_twice() -> None:
    found = hours(daily("01:00", "02:00"), "Europe/London")
    first, again = (
        moment("2026-10-25T01:10", "Europe/London", fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    assert (found.opens_at(first), found.opens_at(again)) == (first, again)
    between = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert found.opens_at(between) == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def test_days_that_join_at_midnight_have_no_margin_between_them() -> None:
    at = moment("2026-11-24T23:59")
    assert hours(ALWAYS, "UTC").opens_at(at) == at


def test_a_leap_day_is_a_day() -> None:
    found = hours(daily("08:00", "20:00"), "UTC")
    assert found.opens_at(moment("2028-02-28T20:00")) == moment("2028-02-29T08:00")


@pytest.mark.parametrize(
    ("zone", "code", "at", "opens"),
    [
        ("Europe/London", "GB", "2026-12-24T19:50", "2026-12-28T09:00"),
        ("Europe/Paris", "FR", "2026-12-24T21:20", "2026-12-25T08:00"),
        ("America/Chicago", "US-LA", "2026-07-03T08:00", "2026-07-06T08:00"),
        ("Africa/Johannesburg", "ZA", "2026-09-23T20:00", "2026-09-25T08:00"),
        ("Africa/Johannesburg", "ZA", "2026-09-26T12:50", "2026-09-28T08:00"),
        ("America/Chicago", "US-TX", "2026-11-28T21:00", "2026-11-29T12:00"),
    ],
)
def test_the_shipped_rules_and_holidays(zone: str, code: str, at: str, opens: str) -> None:
    asked = moment(at, zone)
    found = sending_hours(place({zone}, {code}), at=asked, overrides=())
    expected = moment(opens, zone)
    if code == "GB":
        # Boxing Day is a Saturday in 2026, so Monday is off in its stead.
        expected = moment("2026-12-29T09:00", zone)
    assert found.opens_at(asked) == expected


def test_a_holiday_in_any_place_the_person_may_be_counts() -> None:
    at = moment("2026-07-14T10:00", "Europe/Brussels")
    zones = {"Europe/Brussels", "Europe/Paris"}
    alone = sending_hours(place(zones, {"BE"}), at=at, overrides=())
    both = sending_hours(place(zones, {"BE", "FR"}), at=at, overrides=())
    assert alone.opens_at(at) == at
    assert both.opens_at(at) == moment("2026-07-15T09:00", "Europe/Brussels")


def test_the_same_question_is_answered_once() -> None:
    at = moment("2026-11-24T12:00")
    where = place({"Europe/Paris"}, {"FR"})
    first = sending_hours(where, at=at, overrides=())
    assert sending_hours(where, at=at + timedelta(minutes=5), overrides=()) is first


def test_a_number_of_florida_waits_for_the_later_clock() -> None:
    """Its west is an hour behind: what is 8 in Miami is 7 in Pensacola."""
    where = whereabouts(time_zone="", region="", number_area="+1850", country="US")
    at = moment("2026-11-24T07:30", "America/New_York")
    opens = sending_hours(where, at=at, overrides=()).opens_at(at)
    assert opens is not None
    assert opens >= moment("2026-11-24T08:00", "America/Chicago")
