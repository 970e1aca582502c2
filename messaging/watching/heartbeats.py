"""Reads: which workers are alive. A tick goes through beat, the broker and a worker, and only
then is it a heartbeat: whichever of the three is gone, the ages grow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from messaging.models import Heartbeat

LATE_SECONDS = 60.0


def ages(*, at: datetime) -> dict[str, float | None]:
    """Seconds since each queue's worker was last alive; None: never yet."""
    beaten = dict(Heartbeat.objects.values_list("queue", "beaten_at"))
    return {queue: _age(beaten.get(queue), at) for queue in settings.WORKER_QUEUES}


def _age(beaten_at: datetime | None, at: datetime) -> float | None:
    # Clocks of two machines differ a little; nobody was alive in the future.
    return None if beaten_at is None else max(0.0, (at - beaten_at).total_seconds())


def beat_age(known: Mapping[str, float | None]) -> float | None:
    """Seconds since any tick was carried out: beat ticked at least then."""
    return min((age for age in known.values() if age is not None), default=None)


def late(known: Mapping[str, float | None]) -> list[str]:
    """The queues whose worker gave no sign of life for a minute."""
    return [queue for queue, age in known.items() if age is None or age > LATE_SECONDS]
