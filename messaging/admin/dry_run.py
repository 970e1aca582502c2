"""The dry run of a campaign, ready to be read and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.dry_run import TOO_LATE, DryRun, Group, dry_run
from messaging.gate import sentence
from messaging.models import Campaign

HOUR = timedelta(hours=1)
MOST_BARS = 48
MOST_GROUPS = 12
MOST_LABELS = 6
# A drawing of 1000 by 200, with room for the hours below.
WIDTH, HEIGHT = 1000, 160
LATEST_START = timedelta(days=31)


class StartForm(forms.Form):
    start = forms.DateTimeField(
        label=gettext_lazy("As if started at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=gettext_lazy("UTC; empty: now"),
    )

    def clean_start(self) -> datetime:
        now = timezone.now()
        start: datetime = self.cleaned_data["start"] or now
        if not now - timedelta(minutes=5) <= start <= now + LATEST_START:
            raise forms.ValidationError(_("Choose a moment within the next month."))
        return start


@dataclass(frozen=True)
class Bar:
    """One hour; `count` is scaled to the whole audience."""

    label: str
    count: int
    x: float
    y: float
    width: float
    height: float
    has_label: bool
    # Not labelled where there is little room.
    is_minor: bool


@dataclass(frozen=True)
class Reason:
    sentence: str
    count: int


def dry_run_context(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """Raises `InvalidRule` where the segment cannot be read."""
    done = dry_run(campaign, at=at)
    return {
        "run": done,
        "would_get": scaled(done, done.goes),
        "would_not": done.audience - scaled(done, done.goes),
        "parts": scaled(done, done.parts),
        "bars": bars(done),
        "chart_height": HEIGHT,
        "reasons": _reasons(done, dict(done.reasons)),
        "waits": _reasons(done, dict(done.waits)),
        "groups": _groups(done),
        "more_groups": max(0, len(done.groups) - MOST_GROUPS),
    }


def scaled(done: DryRun, count: int) -> int:
    return round(count * done.scale)


def _reasons(done: DryRun, counts: dict[str, int]) -> list[Reason]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Reason(_words(code), scaled(done, count)) for code, count in ordered]


def _words(code: str) -> str:
    if code == TOO_LATE:
        return _("At the sender's rate their turn comes while the text is still useful.")
    return sentence(code)


def _groups(done: DryRun) -> list[tuple[Group, int, int]]:
    largest = sorted(done.groups.values(), key=lambda group: (-group.people, group.zones))
    return [
        (group, scaled(done, group.people), scaled(done, group.goes))
        for group in largest[:MOST_GROUPS]
    ]


def bars(done: DryRun) -> list[Bar]:
    """One bar an hour from the first to the last in which texts leave; UTC."""
    if not done.by_hour:
        return []
    first, last = min(done.by_hour), max(done.by_hour)
    hours = min(int((last - first) / HOUR) + 1, MOST_BARS)
    tallest, width = max(done.by_hour.values()), WIDTH / hours
    return [
        _bar(done, first + place * HOUR, place, width=width, tallest=tallest, hours=hours)
        for place in range(hours)
    ]


def _bar(
    done: DryRun, hour: datetime, place: int, *, width: float, tallest: int, hours: int
) -> Bar:
    count = done.by_hour.get(hour, 0)
    height = HEIGHT * count / tallest
    return Bar(
        label=hour.strftime("%a %H:%M"),
        count=scaled(done, count),
        x=round(place * width + width * 0.1, 1),
        y=round(HEIGHT - height, 1),
        width=round(width * 0.8, 1),
        height=round(height, 1),
        has_label=place % -(-hours // MOST_LABELS) == 0,
        is_minor=place % (2 * -(-hours // MOST_LABELS)) != 0,
    )
