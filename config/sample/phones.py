"""The phones of the sample people: numbers that regulators keep free for fiction.

Left free for visitors of the demo: +44 7700 900000 to 900099 and 900250 to 900899.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice

# Who allows texts to a young reader.
GUARDIANS = ["+447700900910", "+447700900911", "+447700900912"]
# What the library's own senders show.
LIBRARY_NUMBER, SHOP_NUMBER = "+447700900900", "+447700900901"

AREAS = {
    "212": ("America/New_York", "US-NY"),
    "305": ("America/New_York", "US-FL"),
    "312": ("America/Chicago", "US-IL"),
    "303": ("America/Denver", "US-CO"),
    "602": ("America/Phoenix", "US-AZ"),
    "415": ("America/Los_Angeles", "US-CA"),
    "206": ("America/Los_Angeles", "US-WA"),
    "907": ("America/Anchorage", "US-AK"),
    "808": ("Pacific/Honolulu", "US-HI"),
}
# The regulator names these one by one.
AUSTRALIAN = {
    "+61491570110": ("Australia/Perth", "AU-WA"),
    "+61491570156": ("Australia/Sydney", "AU-NSW"),
    "+61491570157": ("Australia/Brisbane", "AU-QLD"),
    "+61491570158": ("Australia/Adelaide", "AU-SA"),
    "+61491570159": ("Australia/Sydney", "AU-ACT"),
}


@dataclass(frozen=True)
class Phone:
    e164: str
    language: str
    time_zone: str
    region: str = ""


def phones() -> list[Phone]:
    """295 of them, always the same; the five `australian` ones are apart."""
    return [*_british(), *_american(), *_french(), *_swedish()]


def _british() -> list[Phone]:
    numbers = [f"+447700900{n}" for n in range(100, 250)]
    return _speaking(["en", "en", "en", "de", "en", "fr", "en", "es"], numbers, "Europe/London")


def _american() -> list[Phone]:
    return [
        phone
        for code, (zone, region) in AREAS.items()
        for phone in _speaking(["en", "es", "en"], _numbers_in_area(code), zone, region)
    ]


def _numbers_in_area(code: str) -> list[str]:
    return [f"+1{code}5550{n}" for n in range(110, 120)]


def _french() -> list[Phone]:
    numbers = [f"+33639980{n:03}" for n in range(110, 150)]
    return _speaking(["fr", "fr", "fr", "en"], numbers, "Europe/Paris")


def australian() -> list[Phone]:
    """Where it is night when the library texts."""
    return [Phone(number, "en", *place) for number, place in AUSTRALIAN.items()]


def _swedish() -> list[Phone]:
    numbers = [f"+467017406{n}" for n in range(10, 25)]
    return _speaking(["en", "de"], numbers, "Europe/Stockholm")


def _speaking(
    languages: list[str], numbers: list[str], time_zone: str, region: str = ""
) -> list[Phone]:
    spoken = islice(cycle(languages), len(numbers))
    return [
        Phone(number, language, time_zone, region)
        for number, language in zip(numbers, spoken, strict=True)
    ]
