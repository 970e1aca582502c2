"""What one jurisdiction asks: each fact with why it may be believed, and when it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from phonenumbers import SUPPORTED_REGIONS

from consent.policy.calendars import has_region

# The pack of whoever's jurisdiction is unknown, and of countries without a pack of their own.
DEFAULT = "default"
REGION = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")


class UnreadablePacks(Exception):
    """Policy packs are broken; each of `problems` names the file and its line or field."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a jurisdiction asks, from `effective_from` until before `effective_to`."""

    kind: str
    value: Any
    applies_to: str
    source: str
    read_on: date
    confidence: str
    effective_from: date
    effective_to: date | None = None
    note: str = ""

    @property
    def needs_review(self) -> bool:
        return self.confidence == "C"

    def is_about(self, kind: str) -> bool:
        """Whether it binds texts of this `kind`: "marketing" or "service"."""
        return self.applies_to in (kind, "both")

    def meets(self, other: Fact) -> bool:
        """Both would hold on some day, for some text."""
        same = self.kind == other.kind and (
            self.is_about(other.applies_to) or other.is_about(self.applies_to)
        )
        return (
            same and self.ends_after(other.effective_from) and other.ends_after(self.effective_from)
        )

    def ends_after(self, day: date) -> bool:
        return self.effective_to is None or self.effective_to > day


@dataclass(frozen=True, slots=True)
class Pack:
    """All facts of one jurisdiction: a country ("GB"), a region ("US-FL"), or "default"."""

    jurisdiction: str
    name: str
    review_by: date
    facts: tuple[Fact, ...]
    note: str = ""

    @property
    def country(self) -> str:
        return country_of(self.jurisdiction)

    def is_stale(self, on: date) -> bool:
        """Nobody looked at it again in time."""
        return on > self.review_by


def country_of(jurisdiction: str) -> str:
    """ "US" for "US-FL"."""
    return jurisdiction.split("-")[0]


def is_jurisdiction(code: str) -> bool:
    """ISO 3166-1 or, where the country's regions are known, 3166-2."""
    if code in SUPPORTED_REGIONS or code == DEFAULT:
        return True
    region = REGION.fullmatch(code)
    return region is not None and region[1] in SUPPORTED_REGIONS and has_region(code)
