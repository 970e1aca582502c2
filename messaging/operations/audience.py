"""Writing a started campaign's audience: whoever was selected gets a row.

Slices of them are turned into messages, each committed with its chunks, so that sending begins
while the rest is still being written.
"""

from __future__ import annotations

import logging
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from psycopg.types.json import Jsonb

from consent.active import ACTIVE_CONSENT
from messaging.audience import kind_of
from messaging.lanes.lease import lease
from messaging.lengths import ranges
from messaging.models import AudienceSlice, Campaign, CampaignStatus
from messaging.models.triggers import refused_for_consent
from messaging.operations.selection import select_audience
from messaging.placeholders import UnreadableTemplate
from messaging.rules.place import InsideHours
from subscribers.segments import InvalidRule

log = logging.getLogger(__name__)
# Of one campaign at a time; each is kept busy by the database, which gives it one processor.
WRITERS = 2
CHUNK = 500
STAYS_SECONDS = 5.0
TRIES = 3

# Everyone meant gets a row. Who may not be texted is born withheld and says why. Ids are given in
# the order of sending, so that a range of them is a chunk.
CUT = f"""
    WITH slice AS (
        DELETE FROM messaging_audienceslice d WHERE d.id = %(slice)s
        RETURNING d.subscriber_ids, d.message_ids
    ), taken AS (
        SELECT y.* FROM slice d, unnest(d.subscriber_ids,
                (SELECT array_agg(x.id ORDER BY random()) FROM unnest(d.message_ids) x (id)))
            AS y (subscriber_id, message_id)
        ORDER BY y.subscriber_id
    ), born AS (
        INSERT INTO messaging_message (id, kind, campaign_id, subscriber_id, sender_id, purpose_id,
            consent_event_id, state, language, parts, send_after, lapses_at, attempts_made,
            objections, receipt_token, provider_message_id, error_code, queued_at, settled_at)
        SELECT a.message_id, %(kind)s, %(campaign)s, a.id, %(sender)s, %(purpose)s,
            CASE WHEN a.agreed AND NOT a.silent THEN a.confirming_event_id END,
            CASE WHEN a.agreed AND NOT a.silent THEN 'queued' ELSE 'withheld' END,
            a.language, COALESCE((%(parts)s::jsonb ->> a.language)::int, %(most)s),
            %(send_after)s, %(lapses)s, 0,
            CASE WHEN a.silent AND NOT a.agreed
                     THEN '[{{"code": "consent_missing"}}, {{"code": "suppressed"}}]'
                 WHEN a.silent THEN '[{{"code": "suppressed"}}]'
                 WHEN NOT a.agreed THEN '[{{"code": "consent_missing"}}]'
                 ELSE %(waits)s::jsonb END,
            -- As hard to guess as the seed, and a quarter of what a random one would cost each.
            translate(left(encode(sha256(%(seed)s || int8send(a.id)), 'base64'), 22), '+/', '-_'),
            '', '', %(at)s,
            CASE WHEN a.silent OR NOT a.agreed THEN %(at)s::timestamptz END
        FROM (
            SELECT s.id, s.language, c.confirming_event_id, y.message_id,
                c.id IS NOT NULL AS agreed,
                EXISTS (SELECT 1 FROM consent_suppression x
                    WHERE x.number_digest = s.number_digest AND x.lifted_at IS NULL) AS silent
            FROM taken y
            JOIN subscribers_subscriber s ON s.id = y.subscriber_id AND s.erased_at IS NULL
            LEFT JOIN consent_consent c ON c.subscriber_id = s.id AND c.purpose_id = %(purpose)s
                AND {ACTIVE_CONSENT.format(c="c", at="%(at)s")}
            -- Else what is said would be looked up anew wherever it is used.
            OFFSET 0
        ) a
        ORDER BY a.message_id
        RETURNING id, state
    ), chunks AS (
        INSERT INTO messaging_chunk (campaign_id, first_message_id, last_message_id, next_due_at)
        SELECT %(campaign)s, min(n.id), max(n.id), %(send_after)s
        FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(chunk)s AS nth
              FROM born WHERE state = 'queued') n
        GROUP BY n.nth ORDER BY min(n.id)
    )
    SELECT (SELECT count(*) FROM born),
        (SELECT COALESCE(sum(cardinality(d.subscriber_ids)), 0) FROM slice d)
"""


def cut_started(*, at: datetime) -> bool:
    """Write on at the audience of every campaign that was started and has not all of it yet.

    True when there is more to write, and no reason to wait with it.
    """
    goes_on = False
    waiting = Campaign.objects.filter(status=CampaignStatus.RUNNING, audience_cut_at=None)
    for campaign_id in waiting.order_by("started_at").values_list("pk", flat=True):
        try:
            goes_on |= cut_audience(campaign_id=campaign_id, at=at) > 0
        except (InvalidRule, UnreadableTemplate) as error:
            # What the segment asks about was removed since: nobody can say who is meant.
            log.error("campaign %s: paused, it cannot be read (%s)", campaign_id, error)
            Campaign.objects.filter(pk=campaign_id).update(status=CampaignStatus.PAUSED)
        except DatabaseError:
            log.exception("campaign %s: a slice of its audience failed", campaign_id)
    return goes_on and waiting.exists()


def cut_audience(*, campaign_id: int, at: datetime) -> int:
    """Write rows of a running campaign for some seconds; the next call goes on from there."""
    with lease(f"audience {campaign_id}") as held:
        return _cut(campaign_id, at) if held else 0


def _cut(campaign_id: int, at: datetime) -> int:
    campaign = Campaign.objects.select_related("purpose", "sender").get(pk=campaign_id)
    if campaign.audience_size is None:
        select_audience(campaign, at=at)
    until = time.monotonic() + STAYS_SECONDS
    helpers = min(WRITERS, _unwritten(campaign).count()) - 1
    with ThreadPoolExecutor(WRITERS) as pool:
        helping = [pool.submit(_help_to_write, campaign, until, at) for _ in range(helpers)]
        written = _write_slices(campaign, until, at)
    written += sum(each.result() for each in helping)
    if not _unwritten(campaign).exists():
        Campaign.objects.filter(
            pk=campaign_id, status=CampaignStatus.RUNNING, audience_size__isnull=False
        ).update(audience_cut_at=at)
    return written


def _help_to_write(campaign: Campaign, until: float, at: datetime) -> int:
    """In a thread, which has a connection of its own."""
    try:
        return _write_slices(campaign, until, at)
    finally:
        connection.close()


def _write_slices(campaign: Campaign, until: float, at: datetime) -> int:
    """As many as may begin before `until` (`time.monotonic()`); how many rows that were."""
    written = 0
    while time.monotonic() < until:
        wrote = _cut_slice(campaign, at)
        if wrote is None:
            break
        written += wrote
    return written


def _unwritten(campaign: Campaign) -> QuerySet[AudienceSlice]:
    return AudienceSlice.objects.filter(campaign=campaign)


def _runs(campaign: Campaign) -> bool:
    return Campaign.objects.filter(
        pk=campaign.pk, status=CampaignStatus.RUNNING, audience_cut_at=None
    ).exists()


def _cut_slice(campaign: Campaign, at: datetime) -> int | None:
    """Someone may withdraw while we write: the database refuses the slice, and we look again."""
    for attempt in range(1, TRIES + 1):
        try:
            return _write_slice(campaign, at)
        except DatabaseError as error:
            if attempt == TRIES or not refused_for_consent(error):
                raise
            log.info("campaign %s: a consent changed under a slice, written again", campaign.pk)
    return None


@transaction.atomic
def _write_slice(campaign: Campaign, at: datetime) -> int | None:
    """The next slice that nobody writes; None where there is none, or none is wanted any more.

    Who cancels meanwhile does not wait for it: what it wrote is ended like everything that waits.
    """
    if not _runs(campaign):
        return None
    waiting = _unwritten(campaign).select_for_update(skip_locked=True, of=("self",))
    part = waiting.defer("subscriber_ids", "message_ids").order_by("position").first()
    if part is None:
        return None
    with connection.cursor() as cursor:
        # Lost with the server, it is still to be written; and a text of it that left was committed
        # later than it.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(CUT, _slice_parameters(campaign, part, at))
        written, taken = cursor.fetchone()
    if written < taken:
        # Erased after they were selected: nothing about them is kept any more.
        Campaign.objects.filter(pk=campaign.pk).update(
            audience_size=F("audience_size") - (taken - written)
        )
    return int(written)


def _slice_parameters(campaign: Campaign, part: AudienceSlice, at: datetime) -> dict[str, Any]:
    # The most that may leave: a turn claims by it, and reserves what its texts really take.
    sizes = {language: lengths.most for language, lengths in ranges(campaign).items()}
    default = sizes.pop("")
    return {
        "campaign": campaign.pk,
        "kind": kind_of(campaign),
        "sender": campaign.sender_id,
        "purpose": campaign.purpose_id,
        "slice": part.pk,
        "seed": secrets.token_bytes(32),
        "chunk": CHUNK,
        "at": at,
        "lapses": campaign.lapses_at,
        "send_after": part.send_after,
        "waits": Jsonb(_waiting_for(part.send_after, at)),
        "parts": Jsonb(sizes),
        "most": default,
    }


def _waiting_for(send_after: datetime, at: datetime) -> list[dict[str, str]]:
    """What the rows say until somebody asks the gate about them."""
    if send_after <= at:
        return []
    return [{"code": InsideHours.code, "retry_at": send_after.isoformat()}]
