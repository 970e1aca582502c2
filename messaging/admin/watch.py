"""What staff see of the canary and the breaker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging.breaker import LEAST_TEXTS, Measured, measure
from messaging.figures import figures, limits
from messaging.gauges import Gauge, gauge
from messaging.models import Campaign, CampaignStatus
from messaging.operations.campaigns import had_a_hand_in

LABELS = {
    "opt_out": _("Said stop within three days"),
    "complaint": _("Reported as spam"),
    "failure": _("Did not arrive"),
    "wrong_number": _("Nobody has the number"),
}
ADVICE = {
    "opt_out": _(
        "Is this what these people agreed to? Look at the purpose, the segment, and how often "
        "they were texted lately. If in doubt, cancel it."
    ),
    "complaint": _(
        "Ask the provider which texts were reported and why, before anything else leaves. If in "
        "doubt, cancel it."
    ),
    "failure": _(
        "Look at the provider's codes behind these texts, and ask the provider whether it is in "
        "trouble. Texts that were refused are not sent again."
    ),
    "wrong_number": _(
        "Look at where these people signed up: a form or an import may have brought numbers that "
        "nobody has."
    ),
}


@dataclass(frozen=True)
class Watched:
    """One rate, with its name and what to look at when it is too high.

    `is_told` is False where the provider has no words for it, so that 0 means nothing.
    """

    label: str | Promise
    advice: str | Promise
    gauge: Gauge
    is_told: bool = True


@dataclass(frozen=True)
class Canary:
    """`waits_until_at` is the latest moment; when all receipts are in, the rest goes earlier."""

    size: int
    left: int
    pending: int
    waits_until_at: datetime | None
    passed_at: datetime | None


def watch_context(campaign: Campaign) -> dict[str, Any]:
    """For the part of the page that is drawn anew while a campaign runs."""
    found = figures(campaign)
    return {
        "watched": [
            _watched(rate, is_told=rate.code in found.hits)
            for rate in measure(found, limits())
            if found.texts
        ],
        "least_texts": LEAST_TEXTS,
        "canary": _canary(campaign, found.texts, found.pending) if campaign.canary_size else None,
        "trip": trip_context(campaign),
    }


def _watched(measured: Measured, *, is_told: bool = True) -> Watched:
    return Watched(LABELS[measured.code], ADVICE[measured.code], gauge(measured), is_told)


def _canary(campaign: Campaign, texts: int, pending: int) -> Canary:
    longest, left_at = timedelta(seconds=settings.CANARY_WATCH_SECONDS), campaign.canary_left_at
    runs = campaign.status == CampaignStatus.RUNNING
    until_at = left_at + longest if left_at and runs else None
    return Canary(
        size=campaign.canary_size,
        left=min(texts, campaign.canary_size),
        pending=pending,
        waits_until_at=until_at,
        passed_at=campaign.canary_passed_at,
    )


def trip_context(campaign: Campaign) -> dict[str, Any] | None:
    """Why it stands still, with the figures of that moment; None where the breaker is closed."""
    if not campaign.is_tripped:
        return None
    reasons = [
        _watched(Measured(reason["code"], reason["hits"], reason["texts"], reason["limit"]))
        for reason in campaign.trip_reason or ()
    ]
    people = get_user_model().objects.filter(pk__in=had_a_hand_in(campaign)).order_by("pk")
    return {"at": campaign.tripped_at, "reasons": reasons, "hands": [_name(p) for p in people]}


def _name(person: AbstractUser) -> str:
    return person.get_full_name() or person.get_username()
