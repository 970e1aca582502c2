"""Reads: what waits in each lane. Each looks at some thousands of rows at most, through an index,
so that figures drawn anew every few seconds cost the sending nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

# Beyond that a number is "more than that".
MOST = 10_000
LIVE = "k.status = 'running' AND (k.canary_left_at IS NULL OR k.canary_passed_at IS NOT NULL)"
# The texts that are due longest, and those that are due next, without those of campaigns that
# stand still: what lies behind `most` of these is not seen.
CAMPAIGNS = f"""
    SELECT s.id, true, d.due, d.oldest_at, n.next_at, d.looked_at >= %(most)s
    FROM messaging_sender s
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {LIVE}) AS due, count(*) AS looked_at,
            min(x.send_after) FILTER (WHERE {LIVE}) AS oldest_at
        FROM (
            SELECT m.send_after, m.campaign_id FROM messaging_message m
            WHERE m.sender_id = s.id AND m.state = 'queued' AND m.campaign_id IS NOT NULL
              AND m.send_after <= %(at)s
            ORDER BY m.send_after, m.id LIMIT %(most)s
        ) x JOIN messaging_campaign k ON k.id = x.campaign_id
    ) d
    CROSS JOIN LATERAL (
        SELECT min(x.send_after) AS next_at FROM (
            SELECT m.send_after, m.campaign_id FROM messaging_message m
            WHERE m.sender_id = s.id AND m.state = 'queued' AND m.campaign_id IS NOT NULL
              AND m.send_after > %(at)s
            ORDER BY m.send_after, m.id LIMIT %(most)s
        ) x JOIN messaging_campaign k ON k.id = x.campaign_id AND {LIVE}
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
    the first `MOST` did not reach the end. The next of the others is due at `next_at`. None: there
    is none."""

    sender_id: int
    marketing: bool
    due: int
    oldest_at: datetime | None
    next_at: datetime | None
    is_more: bool


def lanes(*, at: datetime) -> list[LaneTraffic]:
    """Both lanes of every sender, by sender: campaigns first."""
    wanted = {"at": at, "most": MOST}
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
