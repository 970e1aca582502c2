"""Two sequencers at once, and writers whose transactions may come to nothing."""

from __future__ import annotations

import random
import threading

import pytest
from django.db import connection, transaction

from consent.ledger import Entry, record
from consent.models import ActorKind, ConsentEvent, EventKind, LedgerLeaf, LedgerPending
from consent.operations.sealing import seal_batch
from consent.sealing import verifier_keys
from consent.verification import verify_ledger
from subscribers.operations import remember_subscriber
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, EVENTS = 4, 25


class GaveUp(Exception):
    """The business transaction fails after its events were written."""


def write(number: int, purpose, chance: random.Random) -> None:
    try:
        person = remember_subscriber(e164=f"+4477009003{number:02}", language="en", at=cast.NOON)
        for _ in range(EVENTS):
            try:
                _record(person, purpose, chance)
            except GaveUp:
                continue
    finally:
        connection.close()


@transaction.atomic
def _record(person, purpose, chance: random.Random) -> None:
    entry = Entry(
        kind=chance.choice([EventKind.REQUESTED, EventKind.DECLINED, EventKind.WITHDRAWN]),
        subscriber=person,
        actor_kind=ActorKind.SUBSCRIBER,
        purpose=purpose,
    )
    record(entry, at=cast.NOON + chance.randrange(10**6) * cast.MINUTE)
    if chance.random() < 0.3:
        raise GaveUp


def sequence(done: threading.Event) -> None:
    try:
        while not done.is_set():
            seal_batch(limit=7)
    finally:
        connection.close()


def test_the_leaves_are_the_committed_events_without_gaps():
    purpose, done = cast.news(), threading.Event()
    sequencers = [threading.Thread(target=sequence, args=[done]) for _ in range(2)]
    writers = [
        threading.Thread(target=write, args=[number, purpose, random.Random(number)])
        for number in range(WRITERS)
    ]
    for thread in (*sequencers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sequencers:
        thread.join()
    while seal_batch():
        pass
    assert not LedgerPending.objects.exists()
    positions = LedgerLeaf.objects.order_by("position").values_list("position", flat=True)
    assert 0 < ConsentEvent.objects.count() < WRITERS * EVENTS
    assert list(positions) == list(range(ConsentEvent.objects.count()))
    assert verify_ledger(keys=verifier_keys()).standings == WRITERS


def test_while_one_leads_the_other_does_nothing():
    cast.alice()
    led, finish = threading.Event(), threading.Event()

    def lead() -> None:
        with transaction.atomic():
            seal_batch(limit=1)
            led.set()
            finish.wait(10)
        connection.close()

    leader = threading.Thread(target=lead)
    leader.start()
    led.wait(10)
    assert seal_batch() == 0
    finish.set()
    leader.join()
    assert seal_batch() == 1
