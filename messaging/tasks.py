"""Wake-ups. Each carries ids only and may be lost or doubled: the next tick repairs it."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from messaging.lanes.work import work_lanes
from messaging.operations import (
    audience,
    breaker,
    heartbeats,
    receipts,
    reconciliation,
    recovery,
    retention,
)


@shared_task
def wake_lanes() -> None:
    audience.cut_started(at=timezone.now())
    work_lanes(marketing=True)
    recovery.finish_campaigns(at=timezone.now())


@shared_task
def send_system_texts() -> None:
    work_lanes(marketing=False)


@shared_task
def apply_receipts() -> None:
    receipts.apply_receipts(at=timezone.now())


@shared_task
def recover_interrupted() -> None:
    recovery.recover(at=timezone.now())


@shared_task
def watch_campaigns() -> None:
    breaker.watch_campaigns(at=timezone.now())


@shared_task
def forget_old_words() -> None:
    retention.forget_old_words(at=timezone.now())


@shared_task
def ask_about_unknown() -> None:
    reconciliation.ask_about_unknown(at=timezone.now())


@shared_task
def beat_once(queue: str) -> None:
    heartbeats.note_heartbeat(queue=queue, at=timezone.now())
