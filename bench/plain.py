"""The peer that sending is measured against: one Celery task for each message, as usual.

Each task fetches the row with its person, asks whether consent stands and whether the number is
suppressed, posts the text with requests, in a session whose connection stays open, and saves the
row. No rate, no hours, no caps, no locks, no
evidence of what left: it does less. Celery's settings are its defaults, but for results, which are
off, and for the database connection, which stays open: by itself Celery opens one for each task,
which alone makes it several times slower. Everything is published before the worker starts, so
publishing costs it nothing.
"""

from __future__ import annotations

import functools
import os

import django
import requests
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
django.setup()

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from consent.models import Consent, Suppression
from subscribers.models import Subscriber

BODY = "Harbor Street Library: Open late on Friday. Reply STOP to end these texts."
app = Celery("plain", broker=settings.CELERY_BROKER_URL)
app.conf.task_ignore_result = True
app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000
app.conf.task_default_queue = "plain"
app.conf.broker_connection_retry_on_startup = True


class PlainMessage(models.Model):
    """Only of this benchmark: made by `publish`."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="+")
    purpose_id = models.BigIntegerField()
    status = models.CharField(max_length=10, default="queued")
    provider_message_id = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return f"Plain message {self.pk}"


@functools.cache
def _carrier() -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {settings.CARRIER_SECRET}"
    return session


@app.task(name="bench.plain.send")
def send(message_id: int) -> None:
    message = PlainMessage.objects.select_related("subscriber").get(pk=message_id)
    person = message.subscriber
    agreed = Consent.objects.filter(
        subscriber=person, purpose=message.purpose_id, status="confirmed"
    ).exists()
    digest = person.number_digest
    stopped = Suppression.objects.filter(number_digest=digest, lifted_at=None).exists()
    if agreed and not stopped:
        message.provider_message_id = _post(message, person.phone_number)
        message.status, message.sent_at = "sent", timezone.now()
    else:
        message.status = "refused"
    message.save()


def _post(message: PlainMessage, number: str) -> str:
    payload = {
        "to": number,
        "from": "Library",
        "text": BODY,
        "receipt_url": "",
        "reference": f"plain-{message.pk}",
    }
    answer = _carrier().post(f"{settings.CARRIER_URL}/messages", json=payload, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["id"])


def publish(list_id: int, purpose_id: int, count: int) -> int:
    """Write the rows and publish a task for each; how many."""
    with connection.schema_editor() as editor:
        editor.create_model(PlainMessage)
    people = Subscriber.objects.filter(memberships__subscriber_list=list_id).order_by("?")
    made = PlainMessage.objects.bulk_create(
        PlainMessage(subscriber_id=pk, purpose_id=purpose_id)
        for pk in people.values_list("pk", flat=True)[:count]
    )
    for message in made:
        send.delay(message.pk)
    return len(made)


def left() -> int:
    return PlainMessage.objects.filter(status="queued").count()
