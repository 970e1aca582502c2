"""Raw SQL may lock in another order than we do; STOP must win all the same."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import OperationalError, connection

from consent.models import Suppression
from messaging.operations import inbound
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from tests import cast
from tests.carrier import wait_until
from tests.rivals import rival, someone_waits

AT = cast.NOON + cast.HOUR
STOP = InboundText("stop-1", cast.ALICE, "+447700900900", "STOP")
# Of the two that wait for each other, the one that looks for a deadlock first is given up.
IS_GIVEN_UP_LAST = "SET deadlock_timeout = '1h'"
HOLD_PERSON = "SELECT 1 FROM subscribers_subscriber WHERE number_digest = %s FOR NO KEY UPDATE"
WANT_NUMBER = "SELECT pg_advisory_xact_lock(hashtextextended(encode(%s, 'hex'), 0))"


@pytest.mark.django_db(transaction=True)
def test_a_stop_is_tried_again_after_a_deadlock(monkeypatch):
    digest = bytes(cast.alice().number_digest)
    attempts: list[int] = []
    has_number, holds_person = Event(), Event()
    lock_owner = inbound.lock_owner

    def lock_once_the_other_waits(number):
        """Our number is locked; only when the other wants it do we want their person."""
        attempts.append(1)
        if len(attempts) == 1:
            has_number.set()
            wait_until(someone_waits)
        return lock_owner(number)

    monkeypatch.setattr(inbound, "lock_owner", lock_once_the_other_waits)

    def lock_the_other_way_round():
        with rival(IS_GIVEN_UP_LAST, []) as other:
            other.execute(HOLD_PERSON, [digest])
            holds_person.set()
            has_number.wait(timeout=30)
            other.execute(WANT_NUMBER, [digest])

    thread = Thread(target=lock_the_other_way_round)
    thread.start()
    assert holds_person.wait(timeout=30)
    receive_text(provider="simulator", text=STOP, at=AT)
    thread.join(timeout=30)
    assert len(attempts) == 2
    assert Suppression.objects.filter(lifted_at=None).count() == 1


@pytest.mark.django_db
def test_another_failure_of_the_database_is_the_providers_to_repeat(monkeypatch):
    cast.alice()
    tried = []

    def fail(number):
        tried.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '1ms'; SELECT pg_sleep(5)")

    monkeypatch.setattr(inbound, "lock_owner", fail)
    with pytest.raises(OperationalError, match="statement timeout"):
        receive_text(provider="simulator", text=STOP, at=AT)
    assert len(tried) == 1
