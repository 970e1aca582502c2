"""Our table against the library's exchanges and tzdata: both move, and so must the table.

A failure here after an update is news: somebody knows a zone or an area code that we do not.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA

from subscribers.regions import _entries, areas, never_texted, regions, regions_of
from subscribers.zones import countries_of_zone, time_zones, zones_of_area, zones_of_country

MOMENTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=10 * each) for each in range(80)]
# In use, by the administrators of the plan, and not yet in the library.
NEWER_THAN_LIBRARY = {f"+1{code}" for code in (357, 436, 457, 471, 483, 621, 729, 837, 861, 924)}
# Prefixes of the library that are nobody's area code.
NO_AREAS = {"+5550", "+5590"}
# Where the library is wrong, or means a neighbor; we send by its answer all the same.
LIBRARY_ALONE = {
    "+1689": {"America/Chicago"},
    "+1867": {"America/Vancouver", "America/Winnipeg"},
    "+1879": {"America/Puerto_Rico"},
    "+1907": {"Pacific/Honolulu"},
}
GIVEN_TO = {
    "Washington State": {"US-WA"},
    "Washington D.C.": {"US-DC"},
    "British Colombia": {"CA-BC"},
    "Nova Scotia/Prince Edward Island": {"CA-NS", "CA-PE"},
    "Northwest Territories/Nunavut/Yukon": {"CA-NT", "CA-NU", "CA-YT"},
}


@cache
def clock(zone: str) -> tuple[timedelta | None, ...]:
    return tuple(ZoneInfo(zone).utcoffset(moment) for moment in MOMENTS)


def of_the_library(area: str) -> set[str]:
    digits = area[1:]
    return {
        zone for code, zones in TIMEZONE_DATA.items() if code.startswith(digits) for zone in zones
    }


def areas_of_the_library() -> set[str]:
    codes = re.compile(r"1\d{3}|55\d{2}")
    return {f"+{found[0]}" for code in TIMEZONE_DATA if (found := codes.match(code))}


def test_every_area_of_the_library_is_in_the_table():
    assert areas_of_the_library() - set(areas()) == NO_AREAS


def test_every_area_of_the_table_is_known_to_the_library_or_newer():
    north_american = {area for area in areas() if area.startswith("+1")}
    assert north_american - areas_of_the_library() == NEWER_THAN_LIBRARY


def test_no_exchange_keeps_a_clock_that_the_table_does_not_know():
    unknown = {}
    for area, known in areas().items():
        clocks = {clock(zone) for zone in known.zones}
        strange = {zone for zone in of_the_library(area) if clock(zone) not in clocks}
        if strange and area.startswith("+1"):
            unknown[area] = strange
    assert unknown == LIBRARY_ALONE


def test_what_the_library_has_is_never_left_out():
    for area in areas():
        assert of_the_library(area) | areas()[area].zones <= zones_of_area(area)


def test_each_area_is_in_the_states_that_the_library_names():
    names = {each.name: {each.code} for each in regions().values()} | GIVEN_TO
    for prefix, words in GEOCODE_DATA.items():
        if re.fullmatch(r"1\d{3}", prefix):
            name = words["en"]
            short = name.rpartition(", ")[2]
            given_to = names.get(name) or {f"US-{short}", f"CA-{short}"}
            assert areas()[f"+{prefix}"].regions & given_to, prefix


def test_a_number_that_is_nowhere_is_of_no_area():
    nowhere = {
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
    }
    for code in range(200, 1000):
        number = phonenumbers.parse(f"+1{code}2345678")
        if phonenumbers.number_type(number) in nowhere:
            assert f"+1{code}" in never_texted()
    assert not never_texted() & set(areas())
    for area in never_texted():
        assert zones_of_area(area) == frozenset()


@pytest.mark.parametrize("country", ["US", "CA", "BR", "AU"])
def test_the_states_have_every_zone_of_their_country(country):
    of_states = {zone for state in regions_of(country) for zone in state.zones}
    by_tzdata = {zone for zone in time_zones() if country in countries_of_zone(zone)}
    assert {clock(zone) for zone in by_tzdata} <= {clock(zone) for zone in of_states}
    listed = {zone for zone in zones_of_country(country) if country in countries_of_zone(zone)}
    assert {clock(zone) for zone in listed} <= {clock(zone) for zone in of_states}


def test_every_zone_of_the_table_exists():
    assert {zone for region in regions().values() for zone in region.zones} <= time_zones()


def test_every_region_is_one():
    assert len(regions_of("US")) == 56
    assert len(regions_of("CA")) == 13
    assert len(regions_of("BR")) == 27
    assert len(regions_of("AU")) == 8
    assert regions_of("GB") == ()
    for code, region in regions().items():
        assert re.fullmatch(r"[A-Z]{2}(-[A-Z]{2,3})?", code)
        assert region.name.strip() == region.name != ""
        assert {code, code[:2]} <= region.jurisdictions


def test_a_code_stands_once_in_a_region():
    for code, entry in _entries().items():
        listed = " ".join(area.get("codes", "") for area in entry["areas"]).split()
        assert len(listed) == len(set(listed)), code
        assert all(re.fullmatch(r"\d{2}|[2-9]\d{2}", each) for each in listed), code


def test_few_codes_lie_in_several_regions():
    shared = {area for area, known in areas().items() if len(known.regions) > 1}
    assert shared == {"+1782", "+1902", "+1867", "+5561"}
