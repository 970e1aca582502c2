"""Why one person would get a campaign, or why not. Who it is comes in on standard input, so that
no number stands in a command line."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from messaging.explanation import Answer, Explanation, explain
from messaging.models import Campaign
from subscribers.models import Subscriber
from subscribers.numbers import UnusableNumber, parse


class Command(BaseCommand):
    help = (
        "Shows what every rule of the gate says about one person and one campaign. "
        "The person's public id or number is read from standard input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, required=True, help="its id")
        parser.add_argument("--at", help="a moment, such as 2026-12-24T19:30+01:00; default: now")

    def handle(self, *args: Any, campaign: int, at: str | None, **options: Any) -> None:
        chosen = Campaign.objects.select_related("purpose", "sender").filter(pk=campaign).first()
        if chosen is None:
            raise CommandError(f"There is no campaign {campaign}.")
        explanation = explain(chosen, self._person(), at=_moment(at))
        self.stdout.write("\n".join(lines(explanation)))

    def _person(self) -> Subscriber:
        typed = sys.stdin.readline().strip()
        if not typed:
            raise CommandError("Give a public id or a number on standard input.")
        found = _by_public_id(typed) if "-" in typed else _by_number(typed)
        if found is None:
            raise CommandError("We know nobody with this number or public id.")
        return found


def _by_public_id(typed: str) -> Subscriber | None:
    try:
        return Subscriber.objects.filter(public_id=UUID(typed)).first()
    except ValueError:
        return None


def _by_number(typed: str) -> Subscriber | None:
    try:
        e164 = parse(typed, country=settings.DEFAULT_COUNTRY)
    except UnusableNumber:
        raise CommandError("What came in is neither a public id nor a number.") from None
    found: Subscriber | None = Subscriber.objects.with_number(e164).first()
    return found


def _moment(typed: str | None) -> datetime:
    if typed is None:
        return timezone.now()
    try:
        moment = parse_datetime(typed)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError("--at: give date, time and offset, such as 2026-12-24T19:30+01:00.")
    return moment


def lines(explanation: Explanation) -> list[str]:
    where = explanation.place.where
    verdict = "It may go now." if explanation.may_go else "It does not go now."
    if explanation.opens_at is not None:
        verdict += f" It could at {explanation.opens_at:%Y-%m-%d %H:%M} UTC."
    return [
        *([] if explanation.is_meant else ["The campaign is not for this person."]),
        verdict,
        *(_line(answer) for answer in explanation.answers),
        f"May be in: {', '.join(sorted(where.jurisdictions)) or 'unknown'}",
        f"Time zones: {', '.join(sorted(where.zones)) or 'unknown'} ({where.source})",
    ]


def _line(answer: Answer) -> str:
    mark = "yes" if answer.holds else "NO "
    later = f" (from {answer.retry_at:%Y-%m-%d %H:%M} UTC)" if answer.retry_at else ""
    return f"  {mark}  {answer.sentence} [{answer.code}]{later}"
