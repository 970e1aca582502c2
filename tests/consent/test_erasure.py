from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from consent.models import (
    AccessCode,
    ActorKind,
    Confirmation,
    Consent,
    ConsentEvidence,
    ErasureToList,
    EventKind,
    Hold,
    NumberChange,
    PageLink,
    Preference,
    Standing,
    Suppression,
    SuppressionSource,
)
from consent.operations.access import send_access_code
from consent.operations.erasure import PENDING_KEPT_FOR, erase_subscriber, purge_held_numbers
from consent.operations.number_change import request_number_change
from consent.operations.preferences import pause
from consent.suppression import number_is_suppressed
from messaging.models import InboundMessage, Meaning, Message, MessageState
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from subscribers.models import ListMembership, SubjectKey, Subscriber
from tests import cast

pytestmark = pytest.mark.django_db


def erase(subscriber: Subscriber, *, remember_no: bool) -> None:
    erase_subscriber(
        subscriber=subscriber,
        actor_kind=ActorKind.SUBSCRIBER,
        remember_no=remember_no,
        at=cast.NOON + cast.DAY,
    )


def inbound(number: str, body: str, name: str) -> InboundText:
    return InboundText(
        provider_message_id=name, from_number=number, to_address="+447700900900", body=body
    )


def test_every_row_about_the_person_is_gone_or_empty():
    alice = cast.alice()
    alice.attributes = {"branch": "Mill Lane"}
    alice.save()
    at = cast.NOON + cast.HOUR
    send_access_code(e164=cast.ALICE, client_address="10.9.9.9", at=at)
    request_number_change(subscriber=alice, e164=cast.STRANGER, client_address="10.9.9.9", at=at)
    pause(subscriber=alice, until=at + cast.DAY)
    Hold.objects.create(subscriber=alice, reason="unclear", since_at=at, due_at=at)
    receive_text(provider="simulator", text=inbound(cast.ALICE, "Hello", "in-1"), at=at)
    assert NumberChange.objects.count() == 1
    erase(alice, remember_no=True)
    alice.refresh_from_db()
    assert (alice.attributes, alice.country, alice.digest_key_id) == ({}, "", "")
    assert alice.number_digest is None
    mine = (SubjectKey, ListMembership, AccessCode, Preference, Hold, Confirmation)
    for model in (*mine, PageLink, NumberChange):
        assert not model.objects.filter(subscriber=alice).exists(), model
    assert not ConsentEvidence.objects.filter(event__subject=alice).exists()
    assert set(Message.objects.filter(subscriber=alice).values_list("text_ciphertext")) == {(None,)}
    kept = InboundMessage.objects.get()
    assert kept.text_ciphertext is None
    assert "in-1" not in kept.provider_message_id


def test_what_still_waited_to_be_sent_is_not():
    bob = cast.bob()
    erase(bob, remember_no=True)
    assert {m.state for m in Message.objects.filter(subscriber=bob)} == {MessageState.CANCELLED}


def test_a_yes_is_taken_back_first():
    alice = cast.alice()
    erase(alice, remember_no=True)
    assert Consent.objects.get(subscriber=alice).status == Standing.WITHDRAWN
    assert alice.events.filter(kind=EventKind.ERASED).count() == 1


def test_the_no_is_remembered_and_meets_the_next_signup():
    erase(cast.alice(), remember_no=True)
    assert Suppression.objects.get().source == SuppressionSource.ERASURE
    sent = Message.objects.count()
    with pytest.raises(Subscriber.DoesNotExist):
        cast.asked(cast.ALICE, at=cast.NOON + 2 * cast.DAY)
    assert Message.objects.count() == sent


def test_forgotten_entirely_means_that_even_an_earlier_stop_goes():
    erase(cast.frank(), remember_no=False)
    assert not Suppression.objects.exists()
    assert not number_is_suppressed(cast.FRANK)
    again = cast.asked(cast.FRANK, at=cast.NOON + 2 * cast.DAY)
    assert again.events.get().kind == EventKind.REQUESTED


def test_a_second_time_changes_nothing():
    alice = cast.alice()
    for _again in range(2):
        erase(alice, remember_no=False)
    assert alice.events.filter(kind=EventKind.ERASED).count() == 1


def test_it_works_without_the_key_of_the_number(settings):
    """Whoever lost a master key must still be able to forget."""
    alice = cast.alice()
    settings.MASTER_KEYS = "k9:" + settings.MASTER_KEYS.split(":", 1)[1]
    erase(alice, remember_no=True)
    assert number_is_suppressed(cast.ALICE)


def test_a_repeated_delivery_after_erasure_is_not_acted_on():
    """A START from before, delivered twice, would end a remembered no."""
    alice = cast.alice()
    start = inbound(cast.ALICE, "START", "in-7")
    receive_text(provider="simulator", text=start, at=cast.NOON + cast.HOUR)
    erase(alice, remember_no=True)
    receive_text(provider="simulator", text=start, at=cast.NOON + 2 * cast.DAY)
    assert number_is_suppressed(cast.ALICE)
    fresh = inbound(cast.ALICE, "START", "in-8")
    receive_text(provider="simulator", text=fresh, at=cast.NOON + 2 * cast.DAY)
    assert not number_is_suppressed(cast.ALICE)
    assert InboundMessage.objects.filter(meaning=Meaning.START).count() == 2


def test_who_was_made_only_to_prove_a_number_is_forgotten_again():
    alice = cast.alice()
    at = cast.NOON + cast.HOUR
    request_number_change(subscriber=alice, e164=cast.STRANGER, client_address="10.9.9.9", at=at)
    assert purge_held_numbers(at=at + cast.DAY) == 0
    assert purge_held_numbers(at=at + PENDING_KEPT_FOR + cast.HOUR) == 1
    assert not Subscriber.objects.with_number(cast.STRANGER).exists()
    assert not number_is_suppressed(cast.STRANGER)


@pytest.mark.django_db(transaction=True)
def test_a_signup_that_races_it_meets_either_the_person_or_the_no():
    alice = cast.confirmed(cast.ALICE, at=timezone.now() - 3 * cast.DAY)
    problems: list[BaseException] = []

    def sign_up() -> None:
        try:
            for minute in range(20):
                at = timezone.now() - cast.DAY + minute * cast.HOUR
                with contextlib.suppress(Subscriber.DoesNotExist):
                    cast.asked(cast.ALICE, at=at)
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=sign_up)
    thread.start()
    erase(alice, remember_no=True)
    thread.join()
    assert problems == []
    assert not Subscriber.objects.reachable().exists()
    assert number_is_suppressed(cast.ALICE)


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_number_is_listed_for_whoever_is_forgotten_entirely():
    alice, bob = cast.alice(), cast.bob()
    erase(alice, remember_no=True)
    erase(bob, remember_no=False)
    remembered, forgotten = Path(django_settings.ERASURE_LIST).read_text().splitlines()
    assert f" {alice.subject_reference} remembered d1:" in remembered
    assert forgotten.endswith(f" {bob.subject_reference} forgotten -")
    assert not ErasureToList.objects.exists()
