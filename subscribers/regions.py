"""States, provinces and area codes, as `area_codes.toml` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("area_codes.toml")
NORTH_AMERICA = "+1"
# All other area codes of the table belong to the North American plan.
CALLING_CODES = {"BR": "+55"}


@dataclass(frozen=True, slots=True)
class Region:
    """A state or province by its ISO 3166-2 code, or a small country by its ISO 3166-1 code.

    `zones` are IANA names; `jurisdictions` are its own code and those of its countries.
    """

    code: str
    name: str
    zones: frozenset[str]
    jurisdictions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Area:
    """Where an area code is given out: every zone, and every region by its code."""

    zones: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    def __or__(self, other: Area) -> Area:
        return Area(self.zones | other.zones, self.regions | other.regions)


@cache
def regions() -> Mapping[str, Region]:
    """{ISO 3166 code: region}, in the order of the table: by country, then by name."""
    return {code: _region(code, entry) for code, entry in _entries().items()}


@cache
def areas() -> Mapping[str, Area]:
    """{calling code and area code, such as "+1212" or "+5511": area}."""
    found: dict[str, Area] = {}
    for code, area, zones in _areas():
        found[area] = found.get(area, Area()) | Area(frozenset(zones), frozenset({code}))
    return found


@cache
def never_texted() -> frozenset[str]:
    """The area codes of toll-free, premium and personal numbers, such as "+1800"."""
    return frozenset(NORTH_AMERICA + code for code in _table()["not_textable"].split())


@cache
def regions_of(country: str) -> tuple[Region, ...]:
    """The states or provinces of a country (ISO 3166-1), by name; none where they do not matter."""
    return tuple(each for code, each in regions().items() if code.startswith(f"{country}-"))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text())


def _entries() -> dict[str, Any]:
    return {code: entry for code, entry in _table().items() if code != "not_textable"}


def _region(code: str, entry: dict[str, Any]) -> Region:
    zones: frozenset[str] = reduce(
        lambda all_, each: all_.union(each["zones"]), entry["areas"], frozenset()
    )
    countries = {country_of_region(code), entry.get("country", code)}
    return Region(code, entry["name"], zones, frozenset({code} | countries))


def country_of_region(code: str) -> str:
    """ISO 3166-1 of an ISO 3166-2 code: "US" of "US-FL"."""
    return code.partition("-")[0]


def _areas() -> Iterator[tuple[str, str, list[str]]]:
    """Region, area code with its calling code, zones."""
    for code, entry in _entries().items():
        calling = CALLING_CODES.get(country_of_region(code), NORTH_AMERICA)
        for area in entry["areas"]:
            for digits in area.get("codes", "").split():
                yield code, calling + digits, area["zones"]
