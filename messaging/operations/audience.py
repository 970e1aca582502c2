"""Writing a started campaign's audience: one row per person, in committed slices."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Max

from consent.active import ACTIVE_CONSENT
from messaging.audience import audience, kind_of
from messaging.lanes.lease import lease
from messaging.lengths import ranges
from messaging.models import Campaign, CampaignStatus, Message
from messaging.models.triggers import refused_for_consent
from messaging.placeholders import UnreadableTemplate
from subscribers.segments import InvalidRule

log = logging.getLogger(__name__)
SLICE = 10_000
STAYS_SECONDS = 5.0
TRIES = 3

# Everyone meant gets a row. Who may not be texted is born withheld and says why; the others
# are in random order, so that a pause or a stop never falls on the oldest members alone.
CUT = f"""
    INSERT INTO messaging_message (kind, campaign_id, subscriber_id, sender_id, purpose_id,
        consent_event_id, state, language, parts, send_after, lapses_at, attempts_made,
        objections, receipt_token, provider_message_id, error_code, queued_at, settled_at)
    SELECT %(kind)s, %(campaign)s, a.id, %(sender)s, %(purpose)s,
        CASE WHEN a.said = '[]' THEN a.confirming_event_id END,
        CASE WHEN a.said = '[]' THEN 'queued' ELSE 'withheld' END,
        a.language, COALESCE(t.parts, %(parts)s), %(at)s, %(lapses)s, 0,
        a.said, translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/=', '-_'),
        '', '', %(at)s, CASE WHEN a.said <> '[]' THEN %(at)s::timestamptz END
    FROM (
        SELECT s.id, s.language, c.confirming_event_id,
            CASE WHEN c.id IS NULL THEN '[{{"code": "consent_missing"}}]'::jsonb
                 ELSE '[]'::jsonb END ||
            CASE WHEN EXISTS (SELECT 1 FROM consent_suppression x
                     WHERE x.number_digest = s.number_digest AND x.lifted_at IS NULL)
                 THEN '[{{"code": "suppressed"}}]'::jsonb ELSE '[]'::jsonb END AS said
        FROM subscribers_subscriber s
        LEFT JOIN consent_consent c ON c.subscriber_id = s.id AND c.purpose_id = %(purpose)s
            AND {ACTIVE_CONSENT.format(c="c", at="%(at)s")}
        WHERE s.id = ANY(%(people)s)
    ) a
    LEFT JOIN (SELECT unnest(%(languages)s::text[]) AS language,
                      unnest(%(language_parts)s::int[]) AS parts) t ON t.language = a.language
    ORDER BY random()
    ON CONFLICT (campaign_id, subscriber_id) DO NOTHING
"""


def cut_started(*, at: datetime) -> None:
    """Write on at the audience of every campaign that was started and has not all of it yet."""
    waiting = Campaign.objects.filter(status=CampaignStatus.RUNNING, audience_cut_at=None)
    for campaign_id in waiting.order_by("started_at").values_list("pk", flat=True):
        try:
            cut_audience(campaign_id=campaign_id, at=at)
        except (InvalidRule, UnreadableTemplate) as error:
            # What the segment asks about was removed since: nobody can say who is meant.
            log.error("campaign %s: paused, it cannot be read (%s)", campaign_id, error)
            Campaign.objects.filter(pk=campaign_id).update(status=CampaignStatus.PAUSED)
        except DatabaseError:
            log.exception("campaign %s: a slice of its audience failed", campaign_id)


def cut_audience(*, campaign_id: int, at: datetime) -> int:
    """Write rows of a running campaign for some seconds; the next call goes on from there.

    One writer at a time: two would lock the same rows in different orders.
    """
    with lease(f"audience {campaign_id}") as held:
        return _cut(campaign_id, at) if held else 0


def _cut(campaign_id: int, at: datetime) -> int:
    campaign = Campaign.objects.select_related("purpose", "sender").get(pk=campaign_id)
    written, until = 0, time.monotonic() + STAYS_SECONDS
    while people := _next_slice(campaign):
        if time.monotonic() > until or not _runs(campaign):
            return written
        written += _cut_slice(campaign, people, at)
    Campaign.objects.filter(pk=campaign_id, status=CampaignStatus.RUNNING).update(
        audience_cut_at=at
    )
    return written


def _runs(campaign: Campaign) -> bool:
    return Campaign.objects.filter(
        pk=campaign.pk, status=CampaignStatus.RUNNING, audience_cut_at=None
    ).exists()


def _next_slice(campaign: Campaign) -> list[int]:
    """Slices are committed in the order of the ids, so the highest one written is where we are."""
    newest = Message.objects.filter(campaign=campaign).aggregate(last=Max("subscriber_id"))
    people = audience(campaign).filter(pk__gt=newest["last"] or 0)
    return list(people.order_by("pk").values_list("pk", flat=True)[:SLICE])


def _cut_slice(campaign: Campaign, people: list[int], at: datetime) -> int:
    """Someone may withdraw while we write: the database refuses the slice, and we look again."""
    for attempt in range(1, TRIES + 1):
        try:
            return _write_slice(campaign, people, at)
        except DatabaseError as error:
            if attempt == TRIES or not refused_for_consent(error):
                raise
            log.info("campaign %s: a consent changed under a slice, written again", campaign.pk)
    return 0


@transaction.atomic
def _write_slice(campaign: Campaign, people: list[int], at: datetime) -> int:
    # Whoever cancels waits for this slice, and the next one sees it.
    Campaign.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=campaign.pk)
    if not _runs(campaign):
        return 0
    # The most that may leave: a turn that reserved too little would break the sender's rate, one
    # that reserved too much gives the rest back within the second.
    sizes = {language: lengths.most for language, lengths in ranges(campaign).items()}
    default = sizes.pop("")
    parameters: dict[str, Any] = {
        "campaign": campaign.pk,
        "kind": kind_of(campaign),
        "sender": campaign.sender_id,
        "purpose": campaign.purpose_id,
        "people": people,
        "at": at,
        "lapses": campaign.lapses_at,
        "parts": default,
        "languages": list(sizes),
        "language_parts": list(sizes.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(CUT, parameters)
        return int(cursor.rowcount)
