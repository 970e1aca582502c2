from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from phonenumbers.timezone import (
    UNKNOWN_TIMEZONE,
    time_zones_for_geographical_number,
    time_zones_for_number,
)
from phonenumbers.tzdata import TIMEZONE_DATA

from subscribers.numbers import NEVER_TEXTED, country_of, number_area
from subscribers.regions import areas, never_texted, regions, regions_of
from subscribers.zones import (
    UNKNOWN,
    Whereabouts,
    countries_of_zone,
    time_zones,
    whereabouts,
    zones_of_country,
)

NEW_YORK, CHICAGO, DENVER = "America/New_York", "America/Chicago", "America/Denver"
PACIFIC, ANCHORAGE = "America/Los_Angeles", "America/Anchorage"
TORONTO, WINNIPEG, EDMONTON = "America/Toronto", "America/Winnipeg", "America/Edmonton"


def of_number(e164: str, time_zone: str = "", region: str = "") -> Whereabouts:
    return whereabouts(
        time_zone=time_zone,
        region=region,
        number_area=number_area(e164),
        country=country_of(e164),
    )


def of_area(code: str) -> Whereabouts:
    return whereabouts(time_zone="", region="", number_area=f"+1{code}", country="")


# Every error of the library that we know of (for each, a number of the fallback exchange where it
# answers with one zone), and the area codes that lie in several zones by its own data.
@pytest.mark.parametrize(
    ("code", "zones", "jurisdiction"),
    [
        ("850", {NEW_YORK, CHICAGO}, "US-FL"),
        ("448", {NEW_YORK, CHICAGO}, "US-FL"),
        ("219", {NEW_YORK, CHICAGO}, "US-IN"),
        ("574", {NEW_YORK, CHICAGO}, "US-IN"),
        ("812", {NEW_YORK, CHICAGO}, "US-IN"),
        ("930", {NEW_YORK, CHICAGO}, "US-IN"),
        ("270", {NEW_YORK, CHICAGO}, "US-KY"),
        ("364", {NEW_YORK, CHICAGO}, "US-KY"),
        ("606", {NEW_YORK, CHICAGO}, "US-KY"),
        ("423", {NEW_YORK, CHICAGO}, "US-TN"),
        ("931", {NEW_YORK, CHICAGO}, "US-TN"),
        ("865", {NEW_YORK, CHICAGO}, "US-TN"),
        ("906", {"America/Detroit", CHICAGO}, "US-MI"),
        ("308", {CHICAGO, DENVER}, "US-NE"),
        ("402", {CHICAGO, DENVER}, "US-NE"),
        ("785", {CHICAGO, DENVER}, "US-KS"),
        ("620", {CHICAGO, DENVER}, "US-KS"),
        ("541", {PACIFIC, DENVER}, "US-OR"),
        ("458", {PACIFIC, "America/Boise"}, "US-OR"),
        ("605", {CHICAGO, DENVER}, "US-SD"),
        ("701", {CHICAGO, DENVER}, "US-ND"),
        ("208", {"America/Boise", PACIFIC}, "US-ID"),
        ("986", {"America/Boise", PACIFIC}, "US-ID"),
        ("775", {PACIFIC, DENVER}, "US-NV"),
        ("907", {ANCHORAGE, "America/Adak", "America/Juneau"}, "US-AK"),
        ("928", {"America/Phoenix", DENVER}, "US-AZ"),
        ("915", {DENVER, CHICAGO}, "US-TX"),
        ("709", {"America/St_Johns", "America/Halifax"}, "CA-NL"),
        ("807", {TORONTO, WINNIPEG}, "CA-ON"),
        ("250", {"America/Vancouver", EDMONTON, "America/Fort_Nelson"}, "CA-BC"),
        ("236", {"America/Vancouver", EDMONTON, "America/Fort_Nelson"}, "CA-BC"),
        ("672", {"America/Vancouver", EDMONTON, "America/Fort_Nelson"}, "CA-BC"),
        ("778", {"America/Vancouver", EDMONTON, "America/Fort_Nelson"}, "CA-BC"),
        ("867", {"America/Whitehorse", EDMONTON, WINNIPEG, "America/Iqaluit"}, "CA-YT"),
        ("418", {TORONTO, "America/Halifax"}, "CA-QC"),
        ("306", {"America/Regina", EDMONTON}, "CA-SK"),
    ],
)
def test_an_area_with_several_clocks_has_them_all(code, zones, jurisdiction):
    found = of_area(code)
    assert zones <= found.zones
    assert {jurisdiction, jurisdiction[:2]} <= found.jurisdictions
    assert found.source == "number"


@pytest.mark.parametrize("country", ["RU", "KZ"])
def test_russia_and_kazakhstan_are_told_apart(country):
    found = of_number({"RU": "+79161234567", "KZ": "+77011234567"}[country])
    assert found.jurisdictions == {country}
    assert found.source == "country"
    assert all(country in countries_of_zone(zone) for zone in found.zones)


def test_a_russian_mobile_may_be_from_kaliningrad_to_kamchatka():
    zones = of_number("+79161234567").zones
    assert {"Europe/Kaliningrad", "Europe/Moscow", "Asia/Omsk", "Asia/Kamchatka"} <= zones
    assert "Asia/Almaty" not in zones


@pytest.mark.parametrize(
    ("e164", "zones"),
    [
        ("+628123456789", {"Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"}),
        ("+447400123456", {"Europe/London", "Europe/Jersey"}),
        ("+34612345678", {"Europe/Madrid", "Atlantic/Canary"}),
        ("+351912345678", {"Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Azores"}),
        ("+593991234567", {"America/Guayaquil", "Pacific/Galapagos"}),
        ("+61412345678", {"Australia/Perth", "Australia/Darwin", "Australia/Sydney"}),
        ("+5215512345678", {"America/Tijuana", "America/Cancun"}),
        ("+525512345678", {"America/Tijuana", "America/Mexico_City", "America/Cancun"}),
        ("+56961234567", {"America/Santiago", "Pacific/Easter"}),
    ],
)
def test_a_mobile_may_be_anywhere_in_its_country(e164, zones):
    found = of_number(e164)
    assert zones <= found.zones
    assert found.source == "country"
    assert country_of(e164) in found.jurisdictions


@pytest.mark.parametrize(
    ("area", "zones", "jurisdictions"),
    [
        ("+5511", {"America/Sao_Paulo"}, {"BR", "BR-SP"}),
        ("+5561", {"America/Sao_Paulo"}, {"BR", "BR-DF", "BR-GO"}),
        ("+5568", {"America/Rio_Branco"}, {"BR", "BR-AC"}),
        ("+5581", {"America/Recife", "America/Noronha"}, {"BR", "BR-PE"}),
        ("+5597", {"America/Manaus", "America/Eirunepe"}, {"BR", "BR-AM"}),
    ],
)
def test_brazil_goes_by_its_area_codes(area, zones, jurisdictions):
    found = whereabouts(time_zone="", region="", number_area=area, country="BR")
    assert zones <= found.zones
    assert (found.jurisdictions, found.source) == (jurisdictions, "number")


@pytest.mark.parametrize("code", ["800", "833", "844", "855", "866", "877", "888", "900", "500"])
def test_a_number_that_is_nowhere_is_unknown(code):
    found = whereabouts(time_zone="", region="", number_area=f"+1{code}", country="US")
    assert found == UNKNOWN == Whereabouts(frozenset(), frozenset(), "unknown")


def test_nothing_known_is_unknown():
    for area in ("", "+1999", "+999", "ZZ", "x"):
        assert whereabouts(time_zone="", region="", number_area=area, country="") == UNKNOWN


def test_an_area_that_nobody_has_heard_of_is_its_whole_country():
    found = whereabouts(time_zone="", region="", number_area="+1999", country="US")
    assert {NEW_YORK, CHICAGO, DENVER, PACIFIC, ANCHORAGE, "Pacific/Honolulu"} <= found.zones
    assert {state.code for state in regions_of("US")} <= found.jurisdictions
    assert found.source == "country"


def test_an_island_of_the_north_american_plan_is_itself_alone():
    assert of_number("+12423591234") == Whereabouts(
        frozenset({"America/Nassau"}), frozenset({"BS"}), "number"
    )
    assert of_number("+17872345678").jurisdictions == {"US", "US-PR", "PR"}


def test_the_zone_they_chose_wins_and_rules_out_no_rule():
    found = of_number("+13055550123", time_zone="Europe/Paris")
    assert found == Whereabouts(
        frozenset({"Europe/Paris"}), frozenset({"US", "US-FL", "FR"}), "declared"
    )


def test_a_zone_has_a_country_by_its_older_name_too():
    assert of_number("+447400123456", time_zone="Asia/Calcutta").jurisdictions == {"GB", "IN"}
    assert of_number("+447400123456", time_zone="Etc/UTC").jurisdictions == {"GB"}


def test_the_state_they_gave_comes_before_the_area_of_the_number():
    found = of_number("+12125550123", region="US-FL")
    assert found.zones == {NEW_YORK, CHICAGO}
    assert (found.jurisdictions, found.source) == ({"US", "US-FL"}, "address")


def test_a_state_that_we_have_no_table_of_is_anywhere_in_its_country():
    found = of_number("+12125550123", region="ES-CN")
    assert found.zones == zones_of_country("ES") >= {"Europe/Madrid", "Atlantic/Canary"}
    assert found.jurisdictions == {"US", "ES", "ES-CN"}


@pytest.mark.parametrize(("time_zone", "region"), [("Mars/Base", ""), ("", "ZZ-X"), ("x", "x")])
def test_what_is_not_understood_rules_nothing_out(time_zone, region):
    plain, odd = of_number("+12125550123"), of_number("+12125550123", time_zone, region)
    assert (odd.zones, odd.source) == (plain.zones, plain.source)
    assert "US" in odd.jurisdictions


def test_it_is_the_same_answer_every_time():
    assert of_number("+12125550123") is of_number("+12125550199")


@st.composite
def textable_numbers(draw):
    """Numbers that a signup would take, of any country; any area code in North America."""
    country = draw(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
    example_of = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    assume(example_of is not None)
    text = phonenumbers.format_number(example_of, phonenumbers.PhoneNumberFormat.E164)
    length = draw(st.integers(1, len(str(example_of.national_number)) - 1))
    digits = draw(st.text("0123456789", min_size=length, max_size=length))
    return _usable(text[:-length] + digits)


@st.composite
def area_numbers(draw):
    area = draw(st.sampled_from(sorted(areas())))
    start = "9" if area.startswith("+55") else ""
    digits = draw(st.text("0123456789", min_size=6, max_size=6))
    return _usable(f"{area}{start}{draw(st.integers(2, 9))}{digits}" + ("0" if start else ""))


def _usable(e164):
    number = phonenumbers.parse(e164)
    assume(phonenumbers.is_valid_number(number))
    assume(phonenumbers.number_type(number) not in NEVER_TEXTED)
    assume(number_area(e164) not in never_texted())
    return e164


@settings(deadline=None)
@given(textable_numbers() | area_numbers())
@example("+12085550123")
@example("+19075550123")
@example("+79161234567")
@example("+77011234567")
@example("+5591912345670")
def test_no_zone_of_the_library_is_left_out(e164):
    found = of_number(e164)
    assert _by_the_library(e164) <= found.zones
    assert found.zones
    assert country_of(e164) in found.jurisdictions


def _by_the_library(e164):
    number = phonenumbers.parse(e164)
    zones = set(time_zones_for_number(number)) - {UNKNOWN_TIMEZONE}
    if zones == set(TIMEZONE_DATA["1"]):
        # From Alaska to Barbados: its answer for mobiles of the islands is the whole plan.
        zones = set(time_zones_for_geographical_number(number))
    if e164.startswith("+7"):
        # There it answers for two countries at once.
        zones = {zone for zone in zones if countries_of_zone(zone) & {country_of(e164)}}
    return zones


@settings(deadline=None)
@given(
    e164=textable_numbers() | area_numbers(),
    time_zone=st.sampled_from(sorted(time_zones())),
    region=st.sampled_from(["", *regions()]),
)
def test_a_declared_zone_always_wins_and_keeps_every_rule(e164, time_zone, region):
    found, without = of_number(e164, time_zone, region), of_number(e164, "", region)
    assert (found.zones, found.source) == ({time_zone}, "declared")
    assert found.jurisdictions == without.jurisdictions | countries_of_zone(time_zone)


@settings(deadline=None)
@given(textable_numbers() | area_numbers())
def test_the_area_of_a_number_never_has_a_further_digit(e164):
    area = number_area(e164)
    country = country_of(e164)
    code = phonenumbers.parse(e164).country_code
    if code in (1, 55):
        assert area == e164[: len(area)]
        assert len(area) == {1: 5, 55: 5}[code]
    else:
        assert area == country
        assert len(area) == 2
        assert area.isalpha()


def test_a_number_of_no_country_has_no_area():
    assert number_area("+883510000000000") == ""
    assert country_of("+883510000000000") == ""
