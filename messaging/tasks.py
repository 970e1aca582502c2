"""Wake-ups. Each carries ids only and may be lost or doubled: the next tick repairs it."""

from __future__ import annotations

import contextlib
from functools import partial

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

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
def cut_audiences() -> None:
    if audience.cut_started(at=timezone.now()):
        wake_soon(cut_audiences)


@shared_task
def wake_lanes() -> None:
    work_lanes(marketing=True, hand_over=partial(wake_soon, wake_lanes))
    recovery.finish_campaigns(at=timezone.now())


@shared_task
def send_system_texts() -> None:
    work_lanes(marketing=False, hand_over=partial(wake_soon, send_system_texts))


def wake_soon(task: Task) -> None:
    """Where the broker is away, the next tick does it."""
    with contextlib.suppress(OperationalError):
        task.apply_async(expires=5, retry=False)


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
