from __future__ import annotations

import base64

import pytest
from django.db import connection

from consent.circumstances import Circumstances
from consent.ledger import evidence
from consent.models import Consent, EventKind, Hold, Standing, Suppression
from consent.operations.expiry import record_expiries
from consent.operations.withdrawal import withdraw_consent
from consent.suppression import number_is_suppressed
from messaging.models import InboundMessage, Message, MessageKind
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from messaging.system_texts import wake_confirm_worker
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db


def says(number: str, body: str, text_id: str = "t1", at=cast.NOON + cast.HOUR) -> None:
    text = InboundText(text_id, number, "+447700900900", body)
    receive_text(provider="simulator", text=text, at=at)


def answers(kind: MessageKind) -> int:
    return Message.objects.filter(kind=kind).count()


def test_the_same_delivery_twice_does_nothing_twice():
    alice = cast.alice()
    says(cast.ALICE, "STOP")
    says(cast.ALICE, "STOP")
    assert InboundMessage.objects.count() == 1
    assert answers(MessageKind.STOP_ANSWER) == 1
    assert alice.events.filter(kind=EventKind.WITHDRAWN).count() == 1


def test_a_yes_without_a_request_confirms_nothing():
    carol = cast.carol()
    says(cast.CAROL, "YES")
    assert Consent.objects.get(subscriber=carol).status == Standing.WITHDRAWN


def test_a_yes_after_the_request_ran_out_confirms_nothing():
    bob = cast.bob()
    says(cast.BOB, "YES", at=cast.NOON + 49 * cast.HOUR)
    assert Consent.objects.get(subscriber=bob).status == Standing.REQUESTED


def test_a_yes_confirms_only_what_the_newest_request_named():
    bob = cast.asked(cast.BOB, cast.news())
    cast.asked(cast.BOB, cast.offers(), at=cast.NOON + 2 * cast.MINUTE)
    says(cast.BOB, "YES")
    standing = dict(Consent.objects.filter(subscriber=bob).values_list("purpose__code", "status"))
    assert standing == {"news": Standing.REQUESTED, "offers": Standing.CONFIRMED}


def test_a_yes_answers_the_text_the_person_has_not_one_that_still_waits():
    bob = cast.asked(cast.BOB, cast.news())
    cast.asked(cast.BOB, cast.offers(), at=cast.NOON + 2 * cast.MINUTE)
    bob.confirmations.filter(outcome="open").update(text_left_at=None)
    says(cast.BOB, "YES")
    standing = dict(Consent.objects.filter(subscriber=bob).values_list("purpose__code", "status"))
    assert standing == {"news": Standing.CONFIRMED, "offers": Standing.REQUESTED}


def test_a_yes_before_any_text_left_confirms_nothing():
    bob = cast.bob()
    bob.confirmations.update(text_left_at=None)
    says(cast.BOB, "YES")
    assert Consent.objects.get(subscriber=bob).status == Standing.REQUESTED


def test_taking_a_purpose_back_takes_its_open_request_back_too():
    alice = cast.alice()
    cast.asked(cast.ALICE, at=cast.NOON + cast.HOUR)
    withdraw_consent(
        subscriber=alice, purpose=cast.news(), circumstances=Circumstances(), at=cast.NOON
    )
    says(cast.ALICE, "YES")
    assert Consent.objects.get(subscriber=alice).status == Standing.WITHDRAWN


def test_start_without_a_stop_before_means_nothing():
    cast.bob()
    says(cast.BOB, "START")
    assert answers(MessageKind.CONFIRMATION) == 1


def test_a_stop_while_pending_closes_the_request():
    bob = cast.bob()
    says(cast.BOB, "STOP")
    says(cast.BOB, "YES", text_id="t2")
    assert Consent.objects.get(subscriber=bob).status == Standing.WITHDRAWN


def test_help_is_answered_and_changes_nothing():
    cast.sender()
    alice = cast.alice()
    says(cast.ALICE, "HELP")
    assert answers(MessageKind.HELP_ANSWER) == 1
    assert Consent.objects.get(subscriber=alice).status == Standing.CONFIRMED


def test_other_words_change_nothing_and_are_kept_encrypted():
    cast.alice()
    says(cast.ALICE, "When do you open?")
    kept = InboundMessage.objects.get()
    assert b"open" not in bytes(kept.text_ciphertext)
    assert Message.objects.filter(kind=MessageKind.HELP_ANSWER).count() == 0


def test_a_sentence_that_is_a_plain_no_is_a_stop():
    cast.sender()
    alice = cast.alice()
    says(cast.ALICE, "Please take me off your list")
    assert number_is_suppressed(cast.ALICE)
    assert Consent.objects.get(subscriber=alice).status == Standing.WITHDRAWN
    assert answers(MessageKind.STOP_ANSWER) == 1


def test_what_may_be_a_no_holds_everything_until_somebody_read_it():
    alice = cast.alice()
    alice.last_acted_at = cast.NOON - cast.DAY
    alice.save()
    says(cast.ALICE, "who is this?")
    hold = Hold.objects.get(subscriber=alice, released_at=None)
    assert evidence(alice.events.get(kind=EventKind.HELD))["reply"] == "who is this?"
    assert Consent.objects.get(subscriber=alice).status == Standing.CONFIRMED
    assert not number_is_suppressed(cast.ALICE)
    # It is no sign that she still wants them.
    alice.refresh_from_db()
    assert alice.last_acted_at == cast.NOON - cast.DAY
    says(cast.ALICE, "I never signed up", text_id="t2")
    assert Hold.objects.get(released_at=None) == hold
    says(cast.ALICE, "STOP", text_id="t3")
    assert not Hold.objects.filter(released_at=None).exists()


@pytest.mark.parametrize("who", [cast.BOB, cast.CAROL, cast.FRANK, cast.STRANGER])
def test_where_nothing_stands_there_is_nothing_to_hold(who):
    for person in (cast.bob, cast.carol, cast.frank):
        person()
    says(who, "who is this?")
    assert not Hold.objects.exists()


def test_an_unclear_text_without_a_key_to_keep_it_under_is_a_stop():
    alice = cast.alice()
    alice.subject_key.delete()
    says(cast.ALICE, "who is this?")
    assert number_is_suppressed(cast.ALICE)


def test_a_strangers_words_are_not_kept_but_their_stop_is():
    says(cast.STRANGER, "STOP please", text_id="t1")
    says(cast.STRANGER, "STOP", text_id="t2")
    assert not InboundMessage.objects.exclude(text_ciphertext=None).exists()
    assert not Subscriber.objects.exists()
    assert Suppression.objects.filter(lifted_at=None).count() == 1
    says(cast.STRANGER, "START", text_id="t3")
    assert Suppression.objects.filter(lifted_at=None).count() == 0
    assert not Message.objects.exists()


def test_a_consent_that_ran_out_is_recorded_as_such():
    cast.news().__class__.objects.update(consent_valid_days=30)
    alice = cast.alice()
    assert record_expiries(at=cast.NOON + 29 * cast.DAY) == 0
    assert record_expiries(at=cast.NOON + 31 * cast.DAY) == 1
    assert record_expiries(at=cast.NOON + 31 * cast.DAY) == 0
    assert Consent.objects.get(subscriber=alice).status == Standing.EXPIRED
    assert alice.events.filter(kind=EventKind.EXPIRED).count() == 1


@pytest.mark.parametrize("lose", ["row", "master key"])
def test_a_stop_holds_although_a_key_is_missing(settings, lose):
    alice = cast.alice()
    master_keys = settings.MASTER_KEYS
    if lose == "row":
        alice.subject_key.delete()
    else:
        settings.MASTER_KEYS = "other:" + base64.b64encode(b"x" * 32).decode()
    says(cast.ALICE, "STOP")
    assert Suppression.objects.filter(lifted_at=None).count() == 1
    assert InboundMessage.objects.get().text_ciphertext is None
    settings.MASTER_KEYS = master_keys


def test_start_does_not_bring_back_a_yes_from_before_the_stop(settings):
    alice = cast.alice()
    master_keys = settings.MASTER_KEYS
    settings.MASTER_KEYS = "other:" + base64.b64encode(b"x" * 32).decode()
    says(cast.ALICE, "STOP")
    settings.MASTER_KEYS = master_keys
    says(cast.ALICE, "START", text_id="t2", at=cast.NOON + 2 * cast.HOUR)
    assert Consent.objects.get(subscriber=alice).status == Standing.REQUESTED
    assert alice.events.filter(kind=EventKind.WITHDRAWN).count() == 1


@pytest.mark.parametrize(("word", "wakes"), [("STOP", 0), ("HELP", 0), ("JOIN", 1)])
def test_answers_wait_for_the_tick_and_questions_do_not(
    word, wakes, django_capture_on_commit_callbacks
):
    """A storm of STOPs is answered in one turn, not in thousands."""
    cast.alice()
    says(cast.ALICE, "STOP", "before")
    connection.run_on_commit.clear()
    with django_capture_on_commit_callbacks() as planned:
        says(cast.ALICE, word)
    assert planned.count(wake_confirm_worker) == wakes
