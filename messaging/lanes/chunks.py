"""Where a campaign's due texts are: who looks for work reads chunks, never messages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from messaging.models import Campaign, CampaignStatus, Chunk
from messaging.statements import rows, run

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


def due_campaigns(at: datetime) -> QuerySet[Campaign]:
    """Running campaigns of active senders that have a text due, and no canary to wait for."""
    due = Chunk.objects.filter(campaign=OuterRef("pk"), next_due_at__lte=at)
    running = Campaign.objects.filter(status=CampaignStatus.RUNNING, sender__is_active=True)
    waits = Q(canary_left_at__isnull=False, canary_passed_at=None)
    return running.exclude(waits).filter(Exists(due))


def weights(sender_id: int, at: datetime) -> dict[int, int]:
    """The sender's campaigns with a text due, and how much each counts."""
    return dict(due_campaigns(at).filter(sender=sender_id).values_list("pk", "weight"))


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
