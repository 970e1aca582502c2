"""How confirmations leave while Redis is gone: a tenth of the sender's rate, kept in PostgreSQL.

Whoever signs up waits for that text. Campaigns have no such way: they wait until Redis is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from messaging.limiter import HORIZON_SECONDS, LEAD_SECONDS, Load, Room
from messaging.models import FallbackPace, Sender

SHARE = 0.1
# On the database's clock, since all workers share it. Who finds the next slot beyond the horizon
# changes nothing and gets no row back.
TAKE = """
    INSERT INTO messaging_fallbackpace AS f (sender_id, free_at)
    VALUES (%(sender)s, clock_timestamp() + %(lead)s + %(lasts)s)
    ON CONFLICT (sender_id) DO UPDATE
    SET free_at = GREATEST(f.free_at, clock_timestamp() + %(lead)s) + %(lasts)s
    WHERE f.free_at <= clock_timestamp() + %(horizon)s
    RETURNING EXTRACT(epoch FROM f.free_at - %(lasts)s - clock_timestamp())
"""


@dataclass(frozen=True)
class SlowRates:
    """`messaging.limiter.Rates` without Redis; inside a transaction its slots are taken with it."""

    sender: Sender

    def room(self) -> Room:
        pace = FallbackPace.objects.filter(sender=self.sender)
        wait = pace.annotate(wait=F("free_at") - Now()).values_list("wait", flat=True)
        seconds = max(0.0, wait[0].total_seconds() - HORIZON_SECONDS) if wait else 0.0
        return Room(0 if seconds else self._most(), seconds)

    def reserve(self, texts: Sequence[Load]) -> list[float | None]:
        return [self._take(text) for text in texts]

    def _most(self) -> int:
        return 1 + int(HORIZON_SECONDS / self._seconds_per_part)

    @property
    def _seconds_per_part(self) -> float:
        return 1 / (SHARE * float(self.sender.parts_per_second))

    def _take(self, text: Load) -> float | None:
        lasts = timedelta(seconds=text.parts * self._seconds_per_part)
        asked: dict[str, Any] = {
            "sender": self.sender.pk,
            "lasts": lasts,
            "lead": timedelta(seconds=LEAD_SECONDS),
            "horizon": timedelta(seconds=HORIZON_SECONDS),
        }
        with connection.cursor() as cursor:
            cursor.execute(TAKE, asked)
            row = cursor.fetchone()
        return None if row is None else max(0.0, float(row[0]))
