"""Why one person gets a campaign or does not, and what the law asks where they may be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from consent.policy.windows import DAY_NAMES
from messaging.explanation import explain
from messaging.models import Campaign
from messaging.places import Place
from subscribers.models import Subscriber

MOST_CAMPAIGNS = 50


def recent_campaigns() -> list[Campaign]:
    return list(Campaign.objects.order_by("-created_at")[:MOST_CAMPAIGNS])


def why_context(person: Subscriber, campaign: Campaign, at: datetime) -> dict[str, Any]:
    explanation = explain(campaign, person, at=at)
    return {
        "campaign": campaign,
        "explanation": explanation,
        "where": explanation.place.where,
        "windows": window_lines(explanation.place),
        "asked": explanation.place.asked,
        "opens_at": explanation.place.hours.opens_at(at),
        "now": at,
    }


def window_lines(place: Place) -> list[tuple[str, str]]:
    """(day, hours) from Monday to Sunday, and holidays."""
    names = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"),
             _("Saturday"), _("Sunday")]  # fmt: skip
    windows = place.asked.windows
    days = dict(zip(DAY_NAMES, names, strict=True))
    lines = [(days[day], _hours(hours)) for day, hours in zip(DAY_NAMES, windows.days, strict=True)]
    return [*lines, (_("Public holidays"), _hours(windows.holiday))]


def _hours(hours: object) -> str:
    return str(hours) if hours is not None else _("none")
