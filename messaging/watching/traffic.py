"""Reads: what waits in each lane. Each looks at some thousands of rows at most, through an index,
so that figures drawn anew every few seconds cost the sending nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from messaging.lanes.chunks import RANGE

# Beyond that a number is "more than that". As many texts are in so many chunks.
MOST = 10_000
CHUNKS = 20
LIVE = "k.status = 'running' AND (k.canary_left_at IS NULL OR k.canary_passed_at IS NOT NULL)"
# Campaigns are looked at by their chunks, those first that are due longest: what lies behind
# `chunks` of these is not seen.
CAMPAIGNS = f"""
    SELECT s.id, true, d.due, d.oldest_at, LEAST(d.next_at, n.next_at), d.is_more
    FROM messaging_sender s
    CROSS JOIN LATERAL (
        SELECT count(m.id) FILTER (WHERE m.send_after <= %(at)s) AS due,
            min(m.send_after) FILTER (WHERE m.send_after <= %(at)s) AS oldest_at,
            min(m.send_after) FILTER (WHERE m.send_after > %(at)s) AS next_at,
            count(DISTINCT c.id) >= %(chunks)s AS is_more
        FROM (
            SELECT c.* FROM messaging_campaign k JOIN messaging_chunk c ON c.campaign_id = k.id
            WHERE k.sender_id = s.id AND {LIVE} AND c.next_due_at <= %(at)s
            ORDER BY c.next_due_at, c.id LIMIT %(chunks)s
        ) c LEFT JOIN messaging_message m
            ON {RANGE} AND m.state IS NOT DISTINCT FROM 'queued'
    ) d
    CROSS JOIN LATERAL (
        SELECT min(c.next_due_at) AS next_at
        FROM messaging_campaign k CROSS JOIN LATERAL (
            SELECT y.next_due_at FROM messaging_chunk y
            WHERE y.campaign_id = k.id AND y.next_due_at > %(at)s ORDER BY y.next_due_at LIMIT 1
        ) c WHERE k.sender_id = s.id AND {LIVE}
    ) n
"""
# Few, and together in the index by campaign: those of none.
SYSTEM = """
    SELECT s.id, false, count(x.id) FILTER (WHERE x.send_after <= %(at)s),
        min(x.send_after) FILTER (WHERE x.send_after <= %(at)s),
        min(x.send_after) FILTER (WHERE x.send_after > %(at)s), count(x.id) >= %(most)s
    FROM messaging_sender s LEFT JOIN (
        SELECT m.id, m.sender_id, m.send_after FROM messaging_message m
        WHERE m.campaign_id IS NULL AND m.state = 'queued' LIMIT %(most)s
    ) x ON x.sender_id = s.id
    GROUP BY s.id
"""
UNSETTLED = """
    SELECT x.sender_id, x.state, count(*) FROM (
        SELECT m.sender_id, m.state FROM messaging_message m
        WHERE m.state IN ('submitting', 'unknown') AND m.permitted_at IS NOT NULL
        LIMIT %(most)s
    ) x GROUP BY 1, 2
"""


@dataclass(frozen=True)
class LaneTraffic:
    """`due` texts may leave now, the first since `oldest_at`, or more than that where the look at
    the first of them did not reach the end. The next of the others is due at `next_at`. None: there
    is none."""

    sender_id: int
    marketing: bool
    due: int
    oldest_at: datetime | None
    next_at: datetime | None
    is_more: bool


def lanes(*, at: datetime) -> list[LaneTraffic]:
    """Both lanes of every sender, by sender: campaigns first."""
    wanted = {"at": at, "most": MOST, "chunks": CHUNKS}
    rows = [*_rows(CAMPAIGNS, wanted), *_rows(SYSTEM, wanted)]
    return sorted((LaneTraffic(*row) for row in rows), key=lambda lane: lane.sender_id)


def unsettled() -> dict[tuple[int, str], int]:
    """How many texts are leaving now or in doubt, by sender and state; at most `MOST` in all."""
    found = _rows(UNSETTLED, {"most": MOST})
    return {(sender_id, state): count for sender_id, state, count in found}


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
