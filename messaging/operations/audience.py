"""Writing a started campaign's audience: everyone is selected at once, and gets a row in slices.

First one statement notes who is meant and from when on they may be asked about, in the order of
sending. Then slices of that are turned into messages, each committed with its chunks, so that
sending begins while the rest is still being written.
"""

from __future__ import annotations

import logging
import secrets
import time
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from psycopg.types.json import Jsonb

from consent.active import ACTIVE_CONSENT
from messaging.audience import audience, kind_of
from messaging.lanes.lease import lease
from messaging.lengths import ranges
from messaging.models import AudienceSlice, Campaign, CampaignStatus, MessageKind
from messaging.models.triggers import refused_for_consent
from messaging.placeholders import UnreadableTemplate
from messaging.places import WHERE, Places
from messaging.rules.place import InsideHours
from subscribers.segments import InvalidRule

log = logging.getLogger(__name__)
SLICE = 10_000
BLOCK = 64
CHUNK = 500
STAYS_SECONDS = 5.0
TRIES = 3

# In random order within the same time: a pause, a canary or a stop never falls on the oldest
# members alone. Neighbours come into the same slice by the block, so that what is looked up and
# written about them lies close together, and within the slice the order is random.
SELECT = """
    WITH meant AS (
        SELECT s.id, t.send_after, random() AS chance, row_number() OVER (
            ORDER BY t.send_after, hashint8extended(s.id / {block}, {campaign})) - 1 AS nth
        FROM ({people}) p
        JOIN subscribers_subscriber s ON s.id = p.id
        JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
            AS t (time_zone, region, number_area, country, send_after)
            ON t.time_zone = s.time_zone AND t.region = s.region
            AND t.number_area = s.number_area AND t.country = s.country
    ), slices AS (
        INSERT INTO messaging_audienceslice (campaign_id, position, subscriber_ids, send_after)
        SELECT {campaign}, nth / {slice}, array_agg(id ORDER BY send_after, chance),
            array_agg(send_after ORDER BY send_after, chance)
        FROM meant GROUP BY nth / {slice}
        RETURNING cardinality(subscriber_ids) AS people
    )
    SELECT COALESCE(sum(people), 0)::int FROM slices
"""
# Everyone meant gets a row. Who may not be texted is born withheld and says why. Ids are given in
# the order of sending, so that a range of them is a chunk.
CUT = f"""
    WITH slice AS (
        DELETE FROM messaging_audienceslice d WHERE d.id = %(slice)s
        RETURNING d.subscriber_ids, d.send_after
    ), taken AS (
        SELECT y.* FROM slice d, unnest(d.subscriber_ids, d.send_after) WITH ORDINALITY
            AS y (subscriber_id, send_after, position)
        ORDER BY y.subscriber_id
    ), born AS (
        INSERT INTO messaging_message (kind, campaign_id, subscriber_id, sender_id, purpose_id,
            consent_event_id, state, language, parts, send_after, lapses_at, attempts_made,
            objections, receipt_token, provider_message_id, error_code, queued_at, settled_at)
        SELECT %(kind)s, %(campaign)s, a.id, %(sender)s, %(purpose)s,
            CASE WHEN a.agreed AND NOT a.silent THEN a.confirming_event_id END,
            CASE WHEN a.agreed AND NOT a.silent THEN 'queued' ELSE 'withheld' END,
            a.language, COALESCE((%(parts)s::jsonb ->> a.language)::int, %(most)s),
            a.send_after, %(lapses)s, 0,
            CASE WHEN a.silent AND NOT a.agreed
                     THEN '[{{"code": "consent_missing"}}, {{"code": "suppressed"}}]'
                 WHEN a.silent THEN '[{{"code": "suppressed"}}]'
                 WHEN NOT a.agreed THEN '[{{"code": "consent_missing"}}]'
                 WHEN a.send_after > %(at)s THEN jsonb_build_array(
                     jsonb_build_object('code', %(asleep)s::text, 'retry_at', a.send_after))
                 ELSE '[]'::jsonb END,
            -- As hard to guess as the seed, and a quarter of what a random one would cost each.
            translate(left(encode(sha256(%(seed)s || int8send(a.id)), 'base64'), 22), '+/', '-_'),
            '', '', %(at)s,
            CASE WHEN a.silent OR NOT a.agreed THEN %(at)s::timestamptz END
        FROM (
            SELECT s.id, s.language, c.confirming_event_id, y.position, y.send_after,
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
        ORDER BY a.position
        ON CONFLICT (subscriber_id, campaign_id) DO NOTHING
        RETURNING id, state, send_after
    ), chunks AS (
        INSERT INTO messaging_chunk (campaign_id, first_message_id, last_message_id, next_due_at)
        SELECT %(campaign)s, min(n.id), max(n.id), min(n.send_after)
        FROM (SELECT id, send_after, (row_number() OVER (ORDER BY id) - 1) / %(chunk)s AS nth
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
    """Write rows of a running campaign for some seconds; the next call goes on from there.

    One writer at a time: two would lock the same rows in different orders.
    """
    with lease(f"audience {campaign_id}") as held:
        return _cut(campaign_id, at) if held else 0


def _cut(campaign_id: int, at: datetime) -> int:
    campaign = Campaign.objects.select_related("purpose", "sender").get(pk=campaign_id)
    if campaign.audience_size is None:
        _select(campaign, at)
    written, until = 0, time.monotonic() + STAYS_SECONDS
    while (slice_id := _next_slice(campaign)) is not None:
        if time.monotonic() > until or not _runs(campaign):
            return written
        written += _cut_slice(campaign, slice_id, at)
    Campaign.objects.filter(
        pk=campaign_id, status=CampaignStatus.RUNNING, audience_size__isnull=False
    ).update(audience_cut_at=at)
    return written


def _runs(campaign: Campaign) -> bool:
    return Campaign.objects.filter(
        pk=campaign.pk, status=CampaignStatus.RUNNING, audience_cut_at=None
    ).exists()


@transaction.atomic
def _select(campaign: Campaign, at: datetime) -> None:
    """Note who is meant. By their hours alone nobody needs to be asked about sooner."""
    current = Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)
    if current.status != CampaignStatus.RUNNING or current.audience_size is not None:
        return
    people = audience(campaign).order_by()
    places = list(people.values_list(*WHERE).distinct())
    meant, chosen = people.values("id").query.sql_with_params()
    columns = list(zip(*places, strict=True)) or [()] * len(WHERE)
    times = _due_times(campaign, places, at)
    with connection.cursor() as cursor:
        select = SELECT.format(people=meant, campaign=campaign.pk, slice=SLICE, block=BLOCK)
        cursor.execute(select, [*chosen, *map(list, columns), times])
        selected = cursor.fetchone()[0]
    Campaign.objects.filter(pk=campaign.pk).update(audience_size=selected)


def _due_times(campaign: Campaign, places: list[tuple[str, ...]], at: datetime) -> list[datetime]:
    """For each kind of place where somebody is, when the hours there permit a text first.

    Where no hour does within the campaign's useful life, the gate says so at once.
    """
    known, kind = Places(at), kind_of(campaign)
    if kind is not MessageKind.MARKETING:
        return [at] * len(places)
    opening = (
        known.of(dict(zip(WHERE, place, strict=True)), kind).hours.opens_at(at) for place in places
    )
    ends_at = campaign.lapses_at or at
    return [opens_at if opens_at and opens_at <= ends_at else at for opens_at in opening]


def _next_slice(campaign: Campaign) -> int | None:
    waiting = AudienceSlice.objects.filter(campaign=campaign).order_by("position")
    return waiting.values_list("pk", flat=True).first()


def _cut_slice(campaign: Campaign, slice_id: int, at: datetime) -> int:
    """Someone may withdraw while we write: the database refuses the slice, and we look again."""
    for attempt in range(1, TRIES + 1):
        try:
            return _write_slice(campaign, slice_id, at)
        except DatabaseError as error:
            if attempt == TRIES or not refused_for_consent(error):
                raise
            log.info("campaign %s: a consent changed under a slice, written again", campaign.pk)
    return 0


@transaction.atomic
def _write_slice(campaign: Campaign, slice_id: int, at: datetime) -> int:
    # Whoever cancels waits for this slice, and the next one sees it.
    Campaign.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=campaign.pk)
    if not _runs(campaign):
        return 0
    with connection.cursor() as cursor:
        # Lost with the server, it is still to be written; and a text of it that left was committed
        # later than it.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(CUT, _slice_parameters(campaign, slice_id, at))
        written, taken = cursor.fetchone()
    if written < taken:
        # Erased after they were selected: nothing about them is kept any more.
        Campaign.objects.filter(pk=campaign.pk).update(
            audience_size=F("audience_size") - (taken - written)
        )
    return int(written)


def _slice_parameters(campaign: Campaign, slice_id: int, at: datetime) -> dict[str, Any]:
    # The most that may leave: a turn claims by it, and reserves what its texts really take.
    sizes = {language: lengths.most for language, lengths in ranges(campaign).items()}
    default = sizes.pop("")
    return {
        "campaign": campaign.pk,
        "kind": kind_of(campaign),
        "sender": campaign.sender_id,
        "purpose": campaign.purpose_id,
        "slice": slice_id,
        "seed": secrets.token_bytes(32),
        "chunk": CHUNK,
        "at": at,
        "lapses": campaign.lapses_at,
        "asleep": InsideHours.code,
        "parts": Jsonb(sizes),
        "most": default,
    }
