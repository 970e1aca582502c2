from __future__ import annotations

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.queues import QUEUES
from messaging.models import Heartbeat
from messaging.operations.heartbeats import note_heartbeat
from messaging.watching.heartbeats import ages, beat_age, late
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON
SECOND = cast.MINUTE / 60


@pytest.fixture
def alive():
    for queue in QUEUES:
        note_heartbeat(queue=queue, at=timezone.now())


def test_a_queue_without_any_tick_is_late():
    assert ages(at=AT) == dict.fromkeys(QUEUES)
    assert late(ages(at=AT)) == list(QUEUES)
    assert beat_age(ages(at=AT)) is None


def test_a_worker_is_late_after_a_minute_and_back_with_the_next_tick():
    for queue in QUEUES:
        note_heartbeat(queue=queue, at=AT)
    note_heartbeat(queue="bulk", at=AT + 30 * SECOND)
    assert late(ages(at=AT + 60 * SECOND)) == []
    assert late(ages(at=AT + 61 * SECOND)) == ["confirm", "inbound", "ledger", "maintenance"]
    assert beat_age(ages(at=AT + 61 * SECOND)) == 31
    note_heartbeat(queue="confirm", at=AT + 61 * SECOND)
    assert "confirm" not in late(ages(at=AT + 61 * SECOND))


def test_a_clock_that_is_ahead_makes_nobody_late():
    note_heartbeat(queue="bulk", at=AT + SECOND)
    assert ages(at=AT)["bulk"] == 0


def test_every_queue_has_a_tick_that_goes_through_its_own_worker():
    """Beat's entry names the queue, and that wins over the route of the task."""
    ticks = [
        tick
        for tick in settings.CELERY_BEAT_SCHEDULE.values()
        if tick["task"] == "messaging.tasks.beat_once"
    ]
    routed = [
        current_app.amqp.router.route(dict(tick["options"]), tick["task"])["queue"].name
        for tick in ticks
    ]
    assert routed == [tick["args"][0] for tick in ticks] == list(QUEUES)


def test_the_task_writes_the_heartbeat():
    current_app.tasks["messaging.tasks.beat_once"]("inbound")
    assert Heartbeat.objects.get().queue == "inbound"


def test_health_names_the_workers_that_are_late(client: Client, alive):
    Heartbeat.objects.filter(queue="bulk").update(beaten_at=timezone.now() - cast.HOUR)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    said = answer.json()
    assert said["late"] == ["bulk"]
    assert said["workers"]["bulk"] >= 3600
    assert said["workers"]["confirm"] < 60
    assert said["beat"] < 60
    assert client.get("/healthz?strict=1").status_code == 503


def test_health_is_strict_only_about_workers_that_are_late(client: Client, alive):
    assert client.get("/healthz?strict=1").status_code == 200


def test_a_database_without_tables_yet_is_no_error(client: Client):
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        cursor.execute("ALTER TABLE messaging_heartbeat RENAME TO elsewhere")
        said = client.get("/healthz").json()
        cursor.execute("ROLLBACK TO before")
    assert said["workers"] == dict.fromkeys(QUEUES)
    assert said["beat"] is None
