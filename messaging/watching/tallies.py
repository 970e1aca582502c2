"""What became of a campaign's texts, for pages that are drawn anew all the time.

Counting millions of rows takes seconds: so it is done anew only as often as it costs little, and
the page says when.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from messaging.models import Campaign
from messaging.statistics import Progress, progress

# At most a twentieth of one connection's time goes into one campaign's figures.
RESTS = 20
SHORTEST_SECONDS, LONGEST_SECONDS = 4.0, 600.0
WAITING = """
    SELECT CASE WHEN m.send_after <= %(at)s THEN %(at)s
                ELSE date_trunc('hour', m.send_after) END AS from_at,
        count(*), max(m.send_after)
    FROM messaging_message m WHERE m.campaign_id = %(campaign)s AND m.state = 'queued'
    GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Tally:
    """As counted at `counted_at`: what is due by then, and what waits by the hour (its beginning,
    texts). No text waits beyond `last_at`."""

    counted_at: datetime
    progress: Progress
    due: int
    later: tuple[tuple[datetime, int], ...]
    last_at: datetime | None

    @property
    def waiting(self) -> int:
        return self.due + sum(count for _from_at, count in self.later)


def tally(campaign: Campaign, *, at: datetime) -> Tally:
    """The newest one that is fresh enough, or a new one; without Redis or Valkey always a new."""
    key = f"tally:{campaign.pk}"
    with contextlib.suppress(RedisError, OSError):
        known = cache.get(key)
        if isinstance(known, Tally):
            return known
    began = time.monotonic()
    counted = _count(campaign, at)
    rests = min(max(RESTS * (time.monotonic() - began), SHORTEST_SECONDS), LONGEST_SECONDS)
    with contextlib.suppress(RedisError, OSError):
        cache.set(key, counted, timeout=rests)
    return counted


def _count(campaign: Campaign, at: datetime) -> Tally:
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"campaign": campaign.pk, "at": at})
        waiting = cursor.fetchall()
    return Tally(
        counted_at=at,
        progress=progress(campaign),
        due=sum(count for from_at, count, _last in waiting if from_at == at),
        later=tuple((from_at, count) for from_at, count, _last in waiting if from_at != at),
        last_at=max((last for _from_at, _count, last in waiting), default=None),
    )
