from __future__ import annotations

from datetime import datetime

from messaging.models import Heartbeat


def note_heartbeat(*, queue: str, at: datetime) -> None:
    """The worker of `queue` carried out a tick: beat, broker and worker are alive."""
    Heartbeat.objects.update_or_create(queue=queue, defaults={"beaten_at": at})
