"""Where a campaign's due texts are: who looks for work reads chunks, never messages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import F

from messaging.models import Campaign, Chunk
from messaging.statements import rows, run

# Running campaigns of active senders with a text due, and no canary to wait for.
DUE = """
    SELECT k.id, k.weight, s.id AS sender_id, s.parts_per_second
    FROM messaging_campaign k JOIN messaging_sender s ON s.id = k.sender_id
    WHERE k.status = 'running' AND s.is_active
      AND (k.canary_left_at IS NULL OR k.canary_passed_at IS NOT NULL)
      AND EXISTS (SELECT 1 FROM messaging_chunk c
                  WHERE c.campaign_id = k.id AND c.next_due_at <= %(at)s)
"""
# Nobody waits for a chunk: another worker of the lane has it and will say when it is due next.
TAKE = """
    SELECT id, first_message_id, last_message_id FROM messaging_chunk
    WHERE campaign_id = %(campaign)s AND next_due_at <= %(at)s AND id <> ALL(%(beside)s)
    ORDER BY next_due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
# IS NOT DISTINCT FROM keeps the planner from looking for a campaign or a state instead of the
# range: what it knows of a campaign that was just written is nothing.
OWN = "m.campaign_id IS NOT DISTINCT FROM c.campaign_id"
RANGE = f"m.id BETWEEN c.first_message_id AND c.last_message_id AND {OWN}"
PUT_OFF = f"""
    UPDATE messaging_chunk c SET next_due_at = (
        SELECT min(m.send_after) FROM messaging_message m
        WHERE {RANGE} AND m.state IS NOT DISTINCT FROM 'queued')
    WHERE c.id = ANY(%(chunks)s)
"""
# Whoever works on a chunk holds it locked, and we come after them.
CHUNKS_OF = """
    SELECT c.id FROM messaging_chunk c
    WHERE c.id IN (SELECT y.id FROM messaging_message m JOIN messaging_chunk y
                       ON y.campaign_id = m.campaign_id AND y.first_message_id <= m.id
                       AND y.last_message_id >= m.id
                   WHERE m.id = ANY(%(messages)s))
    ORDER BY c.id FOR UPDATE
"""


class DueCampaign(NamedTuple):
    """What is due of a sender: how much the campaign counts, and the sender's rate."""

    id: int
    weight: int
    sender_id: int
    parts_per_second: Decimal


def due_campaigns(at: datetime) -> list[DueCampaign]:
    """The campaigns of which something may leave now."""
    return [DueCampaign(**row) for row in rows(DUE, {"at": at})]


def weights(sender_id: int, at: datetime) -> dict[int, int]:
    """The sender's campaigns with a text due, and how much each counts."""
    return {each.id: each.weight for each in due_campaigns(at) if each.sender_id == sender_id}


class DueChunk(NamedTuple):
    """Its id, and the ids of its first and last message."""

    id: int
    first: int
    last: int


def take_chunk(campaign_id: int, *, beside: Collection[int], at: datetime) -> DueChunk | None:
    """Lock the next due chunk that is not among `beside`."""
    found = rows(TAKE, {"campaign": campaign_id, "at": at, "beside": list(beside)})
    return DueChunk(*found[0].values()) if found else None


def put_off(chunk_ids: Collection[int]) -> None:
    """Note when these locked chunks are due next, by what is still waiting in them."""
    if chunk_ids:
        run(PUT_OFF, {"chunks": list(chunk_ids)})


def reopen(message_ids: Collection[int]) -> None:
    """Some of these messages wait again: their chunks are due when they are."""
    if message_ids:
        found = rows(CHUNKS_OF, {"messages": list(message_ids)})
        put_off([chunk["id"] for chunk in found])


def next_due_at(campaign: Campaign) -> datetime | None:
    """When somebody of the campaign may be asked about next."""
    due: datetime | None = (
        Chunk.objects.filter(campaign=campaign, next_due_at__isnull=False)
        .order_by(F("next_due_at").asc())
        .values_list("next_due_at", flat=True)
        .first()
    )
    return due
