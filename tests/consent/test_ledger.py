from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from consent.ledger import evidence
from consent.models import Consent, ConsentEvent, EventKind, LedgerPending, Standing
from tests import cast

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
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL yeslist.truncate = 'off'")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)


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
