"""Entries about entries, and about records of others: no standing changes by them."""

from __future__ import annotations

import pytest

from consent.ledger import evidence
from consent.models import Consent, EventKind, Standing
from consent.operations.corrections import UnableToAdd, correct_event, keep_imported_evidence
from consent.operations.sealing import seal
from consent.sealing import verifier_keys
from consent.verification import verify_ledger
from subscribers.authorization import NotAuthorized
from tests import cast

pytestmark = pytest.mark.django_db
IMPORT = {
    "batch": "2026-11", "original_source": "the paper list of the branch",
    "original_date": "2024-05-01", "reason": "moved here",
}  # fmt: skip


def officer():
    return cast.staff("privacy", "Privacy officer")


def test_a_correction_names_its_event_and_changes_no_standing():
    alice = cast.alice()
    confirmed = alice.events.get(kind=EventKind.CONFIRMED)
    added = correct_event(
        actor=officer(), event=confirmed, reason="The form was named wrongly", at=cast.NOON
    )
    assert (added.corrects, added.purpose) == (confirmed, confirmed.purpose)
    assert evidence(added)["reason"] == "The form was named wrongly"
    assert Consent.objects.get().status == Standing.CONFIRMED
    seal(at=cast.NOON)
    assert verify_ledger(keys=verifier_keys()).leaves == 3


def test_imported_evidence_leads_to_no_standing():
    bob = cast.bob()
    added = keep_imported_evidence(
        actor=officer(), subscriber=bob, purpose=cast.offers(), at=cast.NOON, **IMPORT
    )
    kept = evidence(added)
    assert kept["original_source"] == "the paper list of the branch"
    assert (kept["original_date"], kept["import_batch"]) == ("2024-05-01", "2026-11")
    assert [each.status for each in Consent.objects.all()] == [Standing.REQUESTED]


def test_nothing_is_added_about_whoever_was_erased():
    erin = cast.erin()
    with pytest.raises(UnableToAdd, match="was erased"):
        correct_event(actor=officer(), event=erin.events.first(), reason="x", at=cast.NOON)
    with pytest.raises(UnableToAdd, match="was erased"):
        keep_imported_evidence(
            actor=officer(), subscriber=erin, purpose=None, at=cast.NOON, **IMPORT
        )


def test_a_reason_and_the_right_are_needed():
    event = cast.alice().events.first()
    with pytest.raises(UnableToAdd, match="not said"):
        correct_event(actor=officer(), event=event, reason=" ", at=cast.NOON)
    with pytest.raises(NotAuthorized):
        correct_event(actor=cast.author(), event=event, reason="x", at=cast.NOON)
    with pytest.raises(NotAuthorized):
        keep_imported_evidence(
            actor=cast.author(), subscriber=event.subject, purpose=None, at=cast.NOON, **IMPORT
        )
