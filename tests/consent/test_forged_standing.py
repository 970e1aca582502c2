"""Raw SQL throughout: a standing yes follows from an event that says just that."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from consent.models import Consent, ConsentEvent, EventKind
from tests import cast

pytestmark = pytest.mark.django_db


def run(statement, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def refused():
    return pytest.raises(DatabaseError, match="does not follow from its event")


def points_at(consent, event):
    run(
        "UPDATE consent_consent SET confirming_event_id = %s, status = 'confirmed',"
        " notice_version_id = %s, promised_texts = %s, promised_days = %s, expires_at = NULL"
        " WHERE id = %s",
        event.pk, event.notice_version_id, event.promised_texts, event.promised_days, consent.pk,
    )  # fmt: skip


def yes_of(person, purpose):
    return ConsentEvent.objects.get(subject=person, purpose=purpose, kind=EventKind.CONFIRMED)


@pytest.fixture
def alice():
    return cast.alice()


def standing(person):
    return Consent.objects.get(subscriber=person, purpose=cast.news())


def test_not_from_somebody_elses_yes(alice):
    carol = cast.carol()
    with refused():
        points_at(standing(carol), yes_of(alice, cast.news()))


def test_not_from_a_yes_to_something_else():
    frank = cast.confirmed(cast.FRANK, cast.offers())
    cast.asked(cast.FRANK, cast.news(), at=cast.NOON + cast.HOUR)
    with refused():
        points_at(standing(frank), yes_of(frank, cast.offers()))


def test_not_from_a_request():
    bob = cast.bob()
    with refused():
        points_at(standing(bob), bob.events.get(kind=EventKind.REQUESTED))


@pytest.mark.parametrize(
    "change",
    ["promised_texts = 40", "promised_days = 1", "expires_at = now()", "notice_version_id = NULL"],
)
def test_not_with_another_promise_or_end(alice, change):
    with pytest.raises(DatabaseError, match="does not follow from its event"):
        run(f"UPDATE consent_consent SET {change} WHERE subscriber_id = %s", alice.pk)


def test_not_as_a_new_row(alice):
    yes = yes_of(alice, cast.news())
    with refused():
        run(
            "INSERT INTO consent_consent (subscriber_id, purpose_id, status, since_at,"
            " confirming_event_id, notice_version_id, promised_texts, promised_days)"
            " VALUES (%s, %s, 'confirmed', now(), %s, %s, %s, %s)",
            cast.bob().pk, cast.offers().pk, yes.pk, yes.notice_version_id, 4, 30,
        )  # fmt: skip


def test_her_own_yes_may_be_written_again(alice):
    points_at(standing(alice), yes_of(alice, cast.news()))
    assert standing(alice).confirming_event == yes_of(alice, cast.news())
