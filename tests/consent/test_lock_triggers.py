"""Raw SQL throughout: whoever changes what a turn looks at waits for the turn."""

from __future__ import annotations

import pytest
from django.db import connection

from consent.models import Consent, Hold, Suppression, SuppressionSource
from consent.operations.preferences import choose_frequency
from consent.operations.withdrawal import suppress_number
from subscribers import numbers
from tests import cast
from tests.rivals import stalled

pytestmark = pytest.mark.django_db(transaction=True)

AT = cast.NOON + cast.HOUR
# As the turn does, and as whoever creates a subscriber does.
HOLD_PERSON = "SELECT 1 FROM subscribers_subscriber WHERE id = %s FOR NO KEY UPDATE"
HOLD_DIGEST = "SELECT pg_advisory_xact_lock(hashtextextended(encode(%s, 'hex'), 0))"


def running(statement, *parameters):
    def run():
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.rowcount

    return run


def waits_for_person(person, work):
    with stalled(work, by=HOLD_PERSON, parameters=[person.pk]) as changed:
        pass
    return changed == [1]


@pytest.fixture
def alice():
    alice = cast.alice()
    Hold.objects.create(subscriber=alice, reason="unclear", since_at=AT, due_at=AT)
    choose_frequency(subscriber=alice, purpose=cast.news(), texts=1, days=7)
    return alice


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consent_consent SET since_at = now() WHERE subscriber_id = %s",
        "DELETE FROM consent_consent WHERE subscriber_id = %s",
        "UPDATE consent_hold SET released_at = now() WHERE subscriber_id = %s",
        "DELETE FROM consent_hold WHERE subscriber_id = %s",
        "UPDATE consent_preference SET paused_until_at = now() WHERE subscriber_id = %s",
        "DELETE FROM consent_preference WHERE subscriber_id = %s",
    ],
)
def test_a_change_about_a_person_waits_for_their_lock(alice, change):
    assert waits_for_person(alice, running(change, alice.pk))


def test_a_new_row_about_a_person_waits_as_well(alice):
    new = (
        "INSERT INTO consent_hold (subscriber_id, reason, since_at, due_at)"
        " VALUES (%s, 'unclear', now(), now())"
    )
    bob = cast.bob()
    assert waits_for_person(bob, running(new, bob.pk))


@pytest.mark.parametrize("which", ["from", "to"])
def test_a_row_that_moves_waits_for_both_people(alice, which):
    bob = cast.bob()
    move = "UPDATE consent_hold SET subscriber_id = %s WHERE subscriber_id = %s"
    held = alice if which == "from" else bob
    assert waits_for_person(held, running(move, bob.pk, alice.pk))
    assert Hold.objects.get().subscriber == bob


NEW_NO = (
    "INSERT INTO consent_suppression (number_digest, source, since_at) VALUES (%s, 'staff', now())"
)


def test_a_no_to_a_number_waits_for_whoever_has_it(alice):
    assert waits_for_person(alice, running(NEW_NO, bytes(alice.number_digest)))


def test_a_no_to_a_number_nobody_has_waits_for_whoever_would_take_it():
    digest = numbers.digest(cast.STRANGER)
    with stalled(running(NEW_NO, digest), by=HOLD_DIGEST, parameters=[digest]) as changed:
        pass
    assert changed == [1]


@pytest.mark.parametrize("which", ["from", "to"])
@pytest.mark.parametrize("by", ["person", "number"])
def test_a_no_that_moves_waits_for_both_numbers(alice, which, by):
    bob = cast.bob()
    suppress_number(e164=cast.ALICE, source=SuppressionSource.STAFF, at=AT)
    move = "UPDATE consent_suppression SET number_digest = %s WHERE number_digest = %s"
    work = running(move, bytes(bob.number_digest), bytes(alice.number_digest))
    held = alice if which == "from" else bob
    statement, parameter = (
        (HOLD_PERSON, held.pk) if by == "person" else (HOLD_DIGEST, bytes(held.number_digest))
    )
    with stalled(work, by=statement, parameters=[parameter]) as changed:
        pass
    assert changed == [1]
    assert bytes(Suppression.objects.get().number_digest) == bytes(bob.number_digest)


def test_a_change_about_somebody_else_does_not_wait(alice):
    bob = cast.bob()
    change = "UPDATE consent_consent SET since_at = now() WHERE subscriber_id = %s"
    with pytest.raises(AssertionError, match="it did not wait"):
        waits_for_person(alice, running(change, bob.pk))
    assert Consent.objects.count() == 2
