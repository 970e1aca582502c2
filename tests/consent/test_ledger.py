from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from consent.ledger import evidence
from consent.models import (
    Consent,
    ConsentEvent,
    ConsentEvidence,
    EventKind,
    LedgerPending,
    Standing,
)
from tests import cast
from tests.triggers import refuse_truncate

pytestmark = pytest.mark.django_db


def kinds(subscriber):
    return list(subscriber.events.order_by("occurred_at", "id").values_list("kind", flat=True))


def test_a_yes_leads_to_a_standing_with_its_proof():
    alice = cast.alice()
    standing = Consent.objects.get(subscriber=alice)
    assert kinds(alice) == [EventKind.REQUESTED, EventKind.CONFIRMED]
    assert standing.status == Standing.CONFIRMED
    assert standing.confirming_event.kind == EventKind.CONFIRMED
    assert (standing.promised_texts, standing.promised_days) == (4, 30)


def test_the_evidence_holds_the_reply_as_received():
    alice = cast.alice()
    proof = evidence(alice.events.get(kind=EventKind.CONFIRMED))
    assert proof["reply"] == "YES"
    assert proof["method"] == "reply by text"


def test_every_event_waits_for_its_seal():
    cast.carol()
    assert LedgerPending.objects.count() == ConsentEvent.objects.count() == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_consentevent SET kind = 'confirmed'",
        "DELETE FROM consent_consentevent",
        "TRUNCATE consent_consentevent CASCADE",
        "UPDATE consent_consentevidence SET ciphertext = ''",
        "DELETE FROM consent_consentevidence",
        "TRUNCATE consent_consentevidence",
    ],
)
def test_it_refuses_to_be_rewritten_by_raw_sql(statement):
    cast.alice()
    with connection.cursor() as cursor:
        refuse_truncate(cursor)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)


@pytest.mark.parametrize("setting", ["yeslist.truncate", "yeslist.erasure"])
def test_no_setting_of_a_session_opens_it(setting):
    cast.alice()
    with connection.cursor() as cursor:
        refuse_truncate(cursor)
        cursor.execute(f"SET LOCAL {setting} = 'on'")
        for statement in ("TRUNCATE consent_consentevent CASCADE", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(statement.format("consent_consentevidence"))


def test_evidence_goes_only_with_the_erasure_of_its_person():
    alice, erin = cast.alice(), cast.erin()
    assert ConsentEvidence.objects.filter(event__subject=alice).count() == 2
    assert not ConsentEvidence.objects.filter(event__subject=erin).exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConsentEvidence.objects.filter(event__subject=alice).delete()


def test_asking_again_changes_nothing_for_whoever_said_yes():
    alice = cast.alice()
    cast.asked(cast.ALICE, at=cast.NOON + cast.HOUR)
    assert Consent.objects.get(subscriber=alice).status == Standing.CONFIRMED


def test_erasure_leaves_events_that_name_nobody():
    erin = cast.erin()
    assert kinds(erin)[:2] == [EventKind.REQUESTED, EventKind.CONFIRMED]
    assert sorted(kinds(erin)[2:]) == [EventKind.ERASED, EventKind.WITHDRAWN]
    assert [evidence(event) for event in erin.events.all()] == [{}, {}, {}, {}]
    assert bytes(erin.number_digest or b"") == b""
