"""Why one person gets a campaign or does not, and what the law asks where they may be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from consent.policy.words import hours_by_day, line_of
from messaging.explanation import explain
from messaging.models import Campaign
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
        "windows": list(hours_by_day(explanation.place.asked.windows)),
        "laws": [line_of(source) for source in explanation.place.asked.sources],
        "opens_at": explanation.place.hours.opens_at(at),
        "now": at,
    }
