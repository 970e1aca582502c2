"""Campaigns of the benchmarks: written, approved and started through the operations."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone

from bench.rows import PREFIXES
from consent.operations.policy import override_policy
from messaging.models import Campaign, CampaignStatus, CampaignText, MessageState, Sender
from messaging.operations.campaigns import UnableToMove, cancel_campaign, pause_campaign
from subscribers.models import SubscriberList
from tests import cast

POLL_SECONDS = 0.05
# Counting rows costs, so progress is looked at more rarely.
LOOK_SECONDS = 10.0
# So long without one more accepted text means that nothing will come any more.
STALLED_SECONDS = 90.0
FAR_ABOVE_REACH = 100_000


class Stalled(Exception):
    """Nothing happened for a while, and the campaign is not finished."""


def any_hour() -> None:
    """By the wall clock: texts may reach these countries at any hour."""
    for country in PREFIXES:
        override_policy(
            actor=cast.staff("privacy officer", "Privacy officer"),
            jurisdiction=country,
            kind="send_window",
            applies_to="marketing",
            value={"all": "00:00-24:00", "holiday": "as_day"},
            reason="The benchmarks run at any hour.",
            at=timezone.now(),
        )


def new_list(name: str) -> SubscriberList:
    return SubscriberList.objects.create(name=name)


def sender(name: str, *, rate: float = FAR_ABOVE_REACH, burst: int = 1000) -> Sender:
    return Sender.objects.get_or_create(
        name=name,
        defaults={
            "provider": "simulator",
            "address": name[:20],
            "parts_per_second": rate,
            "burst": burst,
            # Where senders must be registered, this one is.
            "registered_countries": list(PREFIXES),
        },
    )[0]


def draft(name: str, people: SubscriberList, by: Sender | None = None) -> Campaign:
    campaign = Campaign.objects.create(
        name=name,
        purpose=cast.news(),
        subscriber_list=people,
        sender=by or sender("Bench"),
        created_by=cast.author(),
        created_at=timezone.now(),
    )
    CampaignText.objects.create(campaign=campaign, language="en", body="Open late on Friday.")
    return campaign


def start(campaign: Campaign) -> Campaign:
    """Submit, approve and start it."""
    return cast.started(campaign, timezone.now())


def end(campaign: Campaign) -> None:
    """Cancel it, unless it is finished."""
    with contextlib.suppress(UnableToMove):
        cancel_campaign(actor=cast.approver(), campaign=campaign, at=timezone.now())


def pause(campaign: Campaign) -> None:
    pause_campaign(actor=cast.approver(), campaign=campaign, at=timezone.now())


def await_cut(campaign: Campaign) -> float:
    """The moment (time.monotonic()) at which the whole audience was seen written."""
    _wait(lambda: _column(campaign, "audience_cut_at") is not None, lambda: _rows_of(campaign))
    return time.monotonic()


def await_end(campaign: Campaign, progress: Callable[[], Any]) -> None:
    """Until it is finished; raises `Stalled` when `progress` stays the same for too long."""
    _wait(lambda: _column(campaign, "status") == CampaignStatus.FINISHED, progress)


def await_receipts(campaign: Campaign) -> None:
    """Until the receipt of every accepted text is applied."""
    accepted = campaign.messages.filter(state=MessageState.ACCEPTED)
    _wait(lambda: not accepted.exists(), accepted.count)


def _wait(done: Callable[[], bool], progress: Callable[[], Any]) -> None:
    before, moved = progress(), time.monotonic()
    looks_at = moved + LOOK_SECONDS
    while not done():
        time.sleep(POLL_SECONDS)
        if time.monotonic() < looks_at:
            continue
        now, looks_at = progress(), time.monotonic() + LOOK_SECONDS
        if now != before:
            before, moved = now, time.monotonic()
        elif time.monotonic() > moved + STALLED_SECONDS:
            raise Stalled


def _column(campaign: Campaign, name: str) -> datetime | str | None:
    value: datetime | str | None = Campaign.objects.values_list(name, flat=True).get(pk=campaign.pk)
    return value


def _rows_of(campaign: Campaign) -> int:
    return campaign.messages.count()
