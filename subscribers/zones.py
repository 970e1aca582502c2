"""Where someone may be: every time zone and every jurisdiction that cannot be ruled out.

A number says where it was given out, not where its owner is, and many area codes lie in two
zones. So nothing here picks one of several: whoever asks must respect them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers.tzdata import TIMEZONE_DATA

from subscribers.regions import (
    areas,
    country_of_region,
    never_texted,
    regions,
    regions_of,
)

# Several countries, hours apart, share these calling codes. What the library has for the whole
# code is no answer for one of them: Kazakhstan is not in Kamchatka.
SHARED_CALLING_CODES = {1, 7}
# What the library has under these is no area's.
WHOLE_PLANS = {"1", "55"}
NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`zones`: IANA names of every zone the person may be in; empty where nothing is known.

    `jurisdictions`: the ISO 3166-1 ("GB") and 3166-2 ("US-FL") codes of every country and state
    whose rules may be theirs; empty where nothing is known. `source`: what gave the zones:
    declared, address, number, country or unknown.
    """

    zones: frozenset[str]
    jurisdictions: frozenset[str]
    source: str


UNKNOWN = Whereabouts(NOWHERE, NOWHERE, "unknown")


@lru_cache(maxsize=50_000)
def whereabouts(*, time_zone: str, region: str, number_area: str, country: str) -> Whereabouts:
    """Where the person may be, from the columns of `Subscriber`; each may be "".

    The first that says anything gives the zones: the zone they chose, the state they gave, the
    area of their number, the country of their number. What is not understood says nothing.
    """
    home = country or (number_area if number_area.isalpha() else "")
    for source, zones in (
        ("declared", _declared(time_zone)),
        ("address", _zones_of_region(region)),
        ("number", zones_of_area(number_area)),
        ("country", NOWHERE if number_area in never_texted() else zones_of_country(home)),
    ):
        if zones:
            return Whereabouts(zones, _jurisdictions(time_zone, region, number_area, home), source)
    return UNKNOWN


def _declared(time_zone: str) -> frozenset[str]:
    return frozenset({time_zone} & time_zones())


@cache
def time_zones() -> frozenset[str]:
    """Every zone there is. Asked once: each question reads some 600 files."""
    return frozenset(available_timezones())


def _zones_of_region(region: str) -> frozenset[str]:
    """All zones of the state; of its whole country where we have no table of its states."""
    known = regions().get(region)
    return known.zones if known else zones_of_country(country_of_region(region))


@cache
def zones_of_area(number_area: str) -> frozenset[str]:
    """The table's zones with those the library has for any exchange of that area."""
    if number_area in never_texted() or not number_area.startswith("+"):
        return NOWHERE
    known = areas().get(number_area)
    ours = known.zones if known else NOWHERE
    return ours.union(_zones_of_prefix(number_area.removeprefix("+")))


@cache
def zones_of_country(country: str) -> frozenset[str]:
    """Every zone of a country (ISO 3166-1), by tzdata and by the library."""
    zones = frozenset(zone for zone, lands in _countries().items() if country in lands)
    calling_code = phonenumbers.country_code_for_region(country)
    if not calling_code or calling_code in SHARED_CALLING_CODES:
        return zones
    return zones.union(_zones_of_prefix(str(calling_code)))


def _zones_of_prefix(digits: str) -> frozenset[str]:
    """What the library has for any number that begins so, by longer prefixes and by shorter."""
    longer = (prefix for prefix in TIMEZONE_DATA if prefix.startswith(digits))
    shorter = (digits[:end] for end in range(len(digits) - 1, 0, -1))
    fallback = next((prefix for prefix in shorter if prefix in TIMEZONE_DATA), "")
    of_the_area = fallback if fallback not in WHOLE_PLANS else ""
    return frozenset(
        zone for prefix in (*longer, of_the_area) for zone in TIMEZONE_DATA.get(prefix, ())
    )


def _jurisdictions(time_zone: str, region: str, number_area: str, home: str) -> frozenset[str]:
    places = countries_of_zone(time_zone) | ({home} - {""})
    if region:
        known = regions().get(region)
        return places.union(known.jurisdictions if known else {region, country_of_region(region)})
    area = areas().get(number_area)
    states = [regions()[code] for code in area.regions] if area else regions_of(home)
    return places.union(*(each.jurisdictions for each in states))


def countries_of_zone(zone: str) -> frozenset[str]:
    """ISO 3166-1 codes of the countries that tzdata names for a zone, also by its older names."""
    return _countries().get(zone) or _countries().get(_older_names().get(zone, ""), NOWHERE)


@cache
def _countries() -> dict[str, frozenset[str]]:
    """Zones and their countries, from zone.tab (code, coordinates, zone, comment)."""
    found: dict[str, frozenset[str]] = {}
    for line in _lines_of("zone.tab"):
        country, _coordinates, zone = line.split("\t")[:3]
        found[zone] = found.get(zone, NOWHERE) | {country}
    return found


def countries_of_listed_zones() -> dict[str, frozenset[str]]:
    """{zone: countries} of every zone that tzdata lists for people to choose from: the present
    names, one for each place whose clocks ever went differently, and no older names."""
    return dict(_countries())


@cache
def _older_names() -> dict[str, str]:
    """{older name: present one}, from the links of tzdata.zi ("L present older")."""
    links = (line.split() for line in _lines_of("tzdata.zi") if line.startswith("L "))
    return {older: present for _mark, present, older in links}


def _lines_of(name: str) -> list[str]:
    text = files("tzdata").joinpath("zoneinfo", name).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]
