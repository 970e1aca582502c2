"""The canary and the breaker: a campaign's first texts go alone, and a bad one stops by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from messaging.breaker import Figures, Measured, measure
from messaging.figures import figures, limits
from messaging.models import Campaign, CampaignStatus

log = logging.getLogger(__name__)
# A look goes through all texts that left. Where they are so many that it takes longer than this,
# nobody looks for so many times as long: what it takes is missing elsewhere.
QUICK_SECONDS = 0.3
RESTS = 15
LONGEST_REST_SECONDS = 30.0
# By campaign, in time.monotonic(), of this process.
_rests_until: dict[int, float] = {}


def note_canaries_left(*, campaign_ids: Collection[int], at: datetime) -> None:
    """The first texts of these campaigns all left: nothing more is claimed before they passed.

    Outside the turn's own transaction: whoever writes an audience holds the campaign's row for
    longer than a permission is good for.
    """
    if campaign_ids:
        Campaign.objects.filter(
            pk__in=campaign_ids, canary_left_at=None, canary_passed_at=None
        ).update(canary_left_at=at)


def watch_campaigns(*, at: datetime) -> None:
    """Look at every running campaign; one that cannot be judged does not shield the others."""
    running = Campaign.objects.filter(status=CampaignStatus.RUNNING)
    for campaign_id in running.order_by("pk").values_list("pk", flat=True):
        if time.monotonic() < _rests_until.get(campaign_id, 0.0):
            continue
        with _resting(campaign_id):
            watch_campaign(campaign_id=campaign_id, at=at)


@contextmanager
def _resting(campaign_id: int) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    except Exception:
        log.exception("campaign %s: the breaker could not look at it", campaign_id)
    now = time.monotonic()
    if now - began > QUICK_SECONDS:
        _rests_until[campaign_id] = now + min(RESTS * (now - began), LONGEST_REST_SECONDS)


@transaction.atomic
def watch_campaign(*, campaign_id: int, at: datetime) -> None:
    """Stop it where a rate is too high; else let the rest follow a canary that did well."""
    campaigns = Campaign.objects.select_for_update(no_key=True, of=("self",))
    running = campaigns.select_related("sender").filter(status=CampaignStatus.RUNNING)
    campaign = running.filter(pk=campaign_id).first()
    if campaign is None:
        return
    # One read for both answers: what comes in between them is seen by neither.
    found = figures(campaign)
    over = [rate for rate in measure(found, limits()) if rate.is_over]
    if over:
        _trip(campaign, over, at)
    elif campaign.canary_waits:
        _judge_canary(campaign, found, at)


def _trip(campaign: Campaign, over: list[Measured], at: datetime) -> None:
    campaign.status, campaign.tripped_at = CampaignStatus.PAUSED, at
    campaign.trip_reason = [
        {
            "code": rate.code,
            "hits": rate.hits,
            "texts": rate.texts,
            "at_least": rate.at_least,
            "limit": rate.limit,
        }
        for rate in over
    ]
    campaign.save(update_fields=["status", "tripped_at", "trip_reason"])
    codes = ", ".join(rate.code for rate in over)
    log.error("campaign %s: stopped by the breaker (%s)", campaign.pk, codes)


def _judge_canary(campaign: Campaign, found: Figures, at: datetime) -> None:
    if found.texts < campaign.canary_size:
        # Some were put back, the carrier being away: they are still the ones to go first.
        campaign.canary_left_at = None
    elif campaign.canary_left_at and _is_seen(found, at - campaign.canary_left_at):
        campaign.canary_passed_at = at
    campaign.save(update_fields=["canary_left_at", "canary_passed_at"])


def _is_seen(found: Figures, waited: timedelta) -> bool:
    """It was watched for long enough, which is sooner when every receipt is in."""
    seconds = waited.total_seconds()
    if seconds >= settings.CANARY_WATCH_SECONDS:
        return True
    return found.pending == 0 and seconds >= settings.CANARY_SHORTEST_WATCH_SECONDS
