from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consent.policy.facts import DEFAULT, UnreadablePacks, is_jurisdiction
from consent.policy.packs import packs
from consent.policy.words import Explanation, Line, explain

YEARS = range(1990, 2100)


class Command(BaseCommand):
    help = "Says in plain words what a country or region asks of texts, and where that is from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "country", nargs="+", help="such as FR or US-FL; several are taken together"
        )
        parser.add_argument("--at", help="at this time, such as 2026-02-01 or 2026-02-01T08:30")
        parser.add_argument("--service", action="store_true", help="for service texts")

    def handle(self, *args: Any, **options: Any) -> None:
        codes = [_code(word) for word in options["country"]]
        at = _moment(options["at"]) if options["at"] else timezone.now()
        kind = "service" if options["service"] else "marketing"
        try:
            found = explain(frozenset(codes), at=at, kind=kind)
        except UnreadablePacks as broken:
            raise CommandError("\n".join(broken.problems)) from None
        names = " and ".join(_named(code) for code in codes)
        self.stdout.write(f"{names}: {kind} texts on {at:%Y-%m-%d %H:%M} UTC\n")
        self.stdout.write("\n".join(_lines(found)))


def _code(word: str) -> str:
    code = DEFAULT if word.lower() == DEFAULT else word.upper()
    if not is_jurisdiction(code):
        raise CommandError(f"{word} is no code of a country or region, such as FR or US-FL.")
    return code


def _moment(word: str) -> datetime:
    try:
        at = datetime.fromisoformat(word)
    except ValueError:
        raise CommandError(f"--at {word}: write a time such as 2026-02-01T08:30.") from None
    if at.year not in YEARS:
        raise CommandError(f"--at {word}: rules are known from {YEARS[0]} to {YEARS[-1]}.")
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _named(code: str) -> str:
    pack = packs().get(code)
    return f"{pack.name} ({code})" if pack else code


def _lines(found: Explanation) -> Iterator[str]:
    yield from _warnings(found)
    yield "Hours, by the clock where the person is; nothing leaves in the last 15 minutes:"
    yield from (f"  {day:<10} {hours}" for day, hours in found.hours)
    yield from _listed("What counts:", found.counting)
    yield from _listed("Set aside here:", found.set_aside)
    yield from _listed("At another time:", found.not_now)
    for name, note in found.notes:
        yield f"\n{name}: {note}"


def _warnings(found: Explanation) -> Iterator[str]:
    if found.requirements.windows.is_empty:
        yield "NOTHING MAY EVER BE SENT: the hours have no minute in common.\n"
    for pack in found.stale:
        yield f"STALE: {pack.name} was to be reviewed by {pack.review_by}.\n"
    for code in found.without_pack:
        yield f"There is no pack for {code}: the default counts.\n"


def _listed(title: str, lines: list[Line]) -> Iterator[str]:
    if not lines:
        return
    yield f"\n{title}"
    for line in lines:
        yield f"  {line.rule}: {line.says}"
        yield f"    {line.jurisdiction}. {line.basis}"
        if line.note:
            yield f"    {line.note}"
