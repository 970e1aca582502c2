"""Policy packs: one file of facts per jurisdiction, checked to the letter when it is read.

Code knows no country. What the law, a charter or a carrier asks stands in `consent/policy/`,
each fact with its source, the day it was read, and the days from and to which it holds.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from consent.policy.facts import DEFAULT, Fact, Pack, UnreadablePacks, is_jurisdiction
from consent.policy.fields import FieldError
from consent.policy.kinds import KINDS

FOLDER = Path(__file__).resolve().parent
# What the default pack has to answer, because others are filled up from it.
ALWAYS_ANSWERED = (
    "send_window",
    "frequency_cap",
    "optout_deadline",
    "suppression_memory",
    "child_age",
    "majority_age",
)
APPLIES_TO = ("marketing", "service", "both")
# A: the official text was read. B: a secondary source was. C: common knowledge, to be reviewed.
CONFIDENCE = ("A", "B", "C")


@functools.cache
def packs() -> Mapping[str, Pack]:
    """Every shipped pack by its jurisdiction; raises `UnreadablePacks` when any is broken."""
    return load_packs(FOLDER)


def stale_packs(found: Iterable[Pack], *, on: date) -> list[Pack]:
    return [pack for pack in found if pack.is_stale(on)]


def load_packs(folder: Path) -> dict[str, Pack]:
    """Read all of a folder; every problem of every file is told, not only the first."""
    found: dict[str, Pack] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            pack = read_pack(path.name, path.read_bytes())
            found[pack.jurisdiction] = pack
        except UnreadablePacks as broken:
            problems += broken.problems
    if not problems and DEFAULT not in found:
        problems.append(f"{DEFAULT}.toml is missing.")
    if problems:
        raise UnreadablePacks(problems)
    return found


def read_pack(file: str, content: bytes) -> Pack:
    """One file as a pack."""
    try:
        raw = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadablePacks([f"{file}: {error}."]) from None
    reading = _Reading(file)
    pack = reading.pack(raw)
    if pack is None or reading.problems:
        raise UnreadablePacks(reading.problems)
    return pack


def _text(raw: object, field: str) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise FieldError(field, "must be words")
    return raw


def _day(raw: object, field: str) -> date:
    if not isinstance(raw, date) or isinstance(raw, datetime):
        raise FieldError(field, "must be a date such as 2026-11-22")
    return raw


def _one_of(*choices: str) -> Callable[[object, str], str]:
    def read(raw: object, field: str) -> str:
        if raw not in choices:
            raise FieldError(field, f"must be one of {', '.join(choices)}")
        return str(raw)

    return read


def _jurisdiction(raw: object, field: str) -> str:
    if not isinstance(raw, str) or not is_jurisdiction(raw):
        raise FieldError(field, "must be a country or region code such as GB or US-FL")
    return raw


def _facts(raw: object, field: str) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise FieldError(field, "must be one or more [[facts]]")
    return raw


Reader = Callable[[object, str], Any]
PACK_FIELDS: dict[str, Reader] = {
    "jurisdiction": _jurisdiction,
    "name": _text,
    "review_by": _day,
    "facts": _facts,
}
FACT_FIELDS: dict[str, Reader] = {
    "kind": _one_of(*KINDS),
    "value": lambda raw, field: raw,
    "applies_to": _one_of(*APPLIES_TO),
    "source": _text,
    "read_on": _day,
    "confidence": _one_of(*CONFIDENCE),
    "effective_from": _day,
}
OPTIONAL: dict[str, Reader] = {"effective_to": _day, "note": _text}


class _Reading:
    """One file being read, and what was wrong in it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[str] = []

    def pack(self, raw: dict[str, Any]) -> Pack | None:
        fields = self._fields(raw, PACK_FIELDS, {"note": _text}, "")
        if self.problems:
            return None
        read = [self._fact(place, each) for place, each in enumerate(fields["facts"], start=1)]
        pack = Pack(**{**fields, "facts": tuple(fact for fact in read if fact)})
        if not self.problems:
            self._whole(pack)
        return pack

    def _fact(self, place: int, raw: object) -> Fact | None:
        kind = raw.get("kind") if isinstance(raw, dict) else None
        where = f", fact {place} ({kind})"
        if not isinstance(raw, dict):
            self._wrong(where, FieldError("facts", "must be a table"))
            return None
        before = len(self.problems)
        fields = self._fields(raw, FACT_FIELDS, OPTIONAL, where)
        if len(self.problems) == before:
            return self._sound(fields, where)
        return None

    def _sound(self, fields: dict[str, Any], where: str) -> Fact | None:
        try:
            fact = Fact(**{**fields, "value": KINDS[fields["kind"]].parse(fields["value"])})
            if not fact.ends_after(fact.effective_from):
                raise FieldError("effective_to", "must be later than effective_from")
        except FieldError as error:
            self._wrong(where, error)
            return None
        return fact

    def _fields(
        self,
        raw: dict[str, Any],
        needed: dict[str, Reader],
        optional: dict[str, Reader],
        where: str,
    ) -> dict[str, Any]:
        for field in raw.keys() - needed.keys() - optional.keys():
            self._wrong(where, FieldError(field, "is not known"))
        for field in needed.keys() - raw.keys():
            self._wrong(where, FieldError(field, "is missing"))
        readers = {**needed, **optional}
        known = [field for field in readers if field in raw]
        return {field: self._read(raw[field], field, readers[field], where) for field in known}

    def _read(self, raw: object, field: str, reader: Reader, where: str) -> Any:
        try:
            return reader(raw, field)
        except FieldError as error:
            self._wrong(where, error)
            return None

    def _whole(self, pack: Pack) -> None:
        """What no single field shows."""
        if self.file != f"{pack.jurisdiction.lower()}.toml":
            self._wrong("", FieldError("jurisdiction", f"is {pack.jurisdiction}, unlike the name"))
        numbered = enumerate(pack.facts, start=1)
        for (one, first), (other, second) in combinations(numbered, 2):
            if first.meets(second):
                where = f", fact {other} ({second.kind})"
                self._wrong(where, FieldError("effective_from", f"overlaps with fact {one}"))
        if pack.jurisdiction == DEFAULT:
            self._answers(pack)

    def _answers(self, pack: Pack) -> None:
        lasting = {f.kind for f in pack.facts if f.is_about("marketing") and not f.effective_to}
        for kind in ALWAYS_ANSWERED:
            if kind not in lasting:
                self._wrong("", FieldError("facts", f"must say {kind} for marketing, for good"))

    def _wrong(self, where: str, error: FieldError) -> None:
        self.problems.append(f'{self.file}{where}, field "{error.field}": {error.problem}.')
