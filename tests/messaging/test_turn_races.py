"""What a turn does when the world moves under it."""

from __future__ import annotations

import time
from threading import Event, Thread

import pytest
from django.db import DatabaseError, connection, transaction

from consent.circumstances import Circumstances, Reply
from consent.models import ConsentEvent, EventKind, Suppression, SuppressionSource
from consent.operations.answers import confirm_by_reply
from consent.operations.withdrawal import withdraw_consent
from messaging.lanes import claims, permits, results
from messaging.lanes.results import Result, record, record_surely
from messaging.lanes.shares import Shares
from messaging.lanes.wording import Wording
from messaging.models import Message, MessageState
from messaging.operations.audience import cut_audience
from messaging.operations.inbound import receive_text
from messaging.operations.recovery import recover
from messaging.providers.base import InboundText
from tests import cast
from tests.messaging.scripted_server import answer, scripted_server
from tests.rivals import rival
from tests.turns import take_turn

AT = cast.NOON + cast.DAY
S = MessageState
HOLD_PERSON = "SELECT 1 FROM subscribers_subscriber WHERE id = %s FOR NO KEY UPDATE"


def to_alice_and_frank():
    alice, frank = cast.alice(), cast.confirmed(cast.FRANK)
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    return campaign, alice, frank


def states(campaign):
    return dict(Message.objects.filter(campaign=campaign).values_list("subscriber", "state"))


def submitting(campaign):
    message = Message.objects.get(campaign=campaign)
    Message.objects.filter(pk=message.pk).update(
        state=S.SUBMITTING, permitted_at=AT, attempts_made=1
    )
    return message


@pytest.mark.django_db(transaction=True)
def test_someone_who_is_locked_elsewhere_stays_queued_and_holds_up_nobody(carrier):
    campaign, alice, frank = to_alice_and_frank()
    with rival(HOLD_PERSON, [alice.pk]):
        take_turn(campaign.sender, marketing=True, at=AT)
    assert states(campaign) == {alice.pk: S.QUEUED, frank.pk: S.ACCEPTED}
    take_turn(campaign.sender, marketing=True, at=AT)
    assert states(campaign) == {alice.pk: S.ACCEPTED, frank.pk: S.ACCEPTED}


@pytest.mark.django_db
def test_what_the_permit_refuses_stays_queued_and_the_rest_of_the_batch_goes():
    """Nobody can withdraw between the facts and the permit; the statement does not rely on it."""
    campaign, alice, frank = to_alice_and_frank()
    with transaction.atomic():
        batch = claims.claim_campaign_texts(campaign.sender, shares=Shares(), parts=10, at=AT)
        decisions = permits.decide(batch.messages, Wording.of(batch.messages), AT)
        withdraw_consent(
            subscriber=alice, purpose=cast.news(), circumstances=Circumstances(), at=AT
        )
        permitted = permits.write(decisions, AT)
    assert [text.to for text in permitted] == [cast.FRANK]
    assert states(campaign) == {alice.pk: S.QUEUED, frank.pk: S.SUBMITTING}


@pytest.mark.django_db
def test_a_text_names_the_yes_that_stands_when_it_leaves(carrier):
    alice = cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    cast.asked(cast.ALICE, at=AT)
    yes = Reply(words="YES", provider="simulator", provider_message_id="again")
    assert confirm_by_reply(subscriber=alice, reply=yes, at=AT)
    take_turn(campaign.sender, marketing=True, at=AT)
    message = Message.objects.get(campaign=campaign)
    again = ConsentEvent.objects.get(subject=alice, kind=EventKind.RECONFIRMED)
    assert (message.state, message.consent_event) == (S.ACCEPTED, again)


@pytest.mark.django_db(transaction=True)
def test_a_result_survives_the_loss_of_the_connection():
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    message = submitting(campaign)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ours = cursor.fetchone()[0]
    with rival("SELECT pg_terminate_backend(%s, 5000)", [ours]):
        pass
    record_surely([Result(id=message.pk, attempt=1, state=S.ACCEPTED, provider_message_id="c-1")])
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (S.ACCEPTED, "c-1")


@pytest.mark.django_db
def test_a_result_after_the_text_was_given_up_changes_nothing():
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    message = submitting(campaign)
    recover(at=AT + cast.MINUTE)
    late = Result(id=message.pk, attempt=1, state=S.ACCEPTED, provider_message_id="c-1")
    record([late], at=AT + cast.MINUTE)
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (S.UNKNOWN, "")


@pytest.mark.django_db
def test_a_result_of_an_earlier_attempt_changes_nothing():
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    message = submitting(campaign)
    Message.objects.filter(pk=message.pk).update(attempts_made=2)
    record([Result(id=message.pk, attempt=1, state=S.REJECTED)], at=AT)
    message.refresh_from_db()
    assert message.state == S.SUBMITTING


@pytest.mark.django_db
def test_a_stop_that_only_the_carrier_knows_counts_as_much(settings):
    alice = cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    no = answer(422, '{"error": "recipient_opted_out"}')
    with scripted_server(no, hangs_up_after_each=True) as server:
        settings.CARRIER_URL = server.url
        take_turn(campaign.sender, marketing=True, at=AT)
    assert states(campaign) == {alice.pk: S.REJECTED}
    suppression = Suppression.objects.get(lifted_at=None)
    assert suppression.source == SuppressionSource.CARRIER
    assert bytes(suppression.number_digest) == bytes(alice.number_digest)
    assert alice.events.filter(kind=EventKind.WITHDRAWN, actor_kind="carrier").exists()


@pytest.mark.django_db(transaction=True)
def test_a_stop_does_not_wait_for_a_turn_that_stands_still(carrier, monkeypatch):
    """Its process is frozen, or its machine paused, and it holds the locks of everyone in it."""
    to_alice_and_frank()
    holds, answered, thrown_out = Event(), Event(), Event()
    decide = permits.decide

    def stand_still(*about):
        holds.set()
        assert answered.wait(timeout=30)
        return decide(*about)

    def turn():
        try:
            take_turn(cast.sender(), marketing=True, at=AT)
        except DatabaseError:
            thrown_out.set()
        finally:
            connection.close()

    monkeypatch.setattr(permits, "decide", stand_still)
    thread = Thread(target=turn)
    thread.start()
    assert holds.wait(timeout=30)
    receive_text(provider="simulator", text=InboundText("1", cast.ALICE, "1", "STOP"), at=AT)
    answered.set()
    thread.join(timeout=30)
    assert thrown_out.is_set()
    assert carrier.log() == []


@pytest.mark.django_db(transaction=True)
def test_who_stood_still_while_recording_records_again(monkeypatch):
    to_alice_and_frank()
    message = Message.objects.filter(state=S.QUEUED).earliest("pk")
    Message.objects.filter(pk=message.pk).update(
        state=S.SUBMITTING, permitted_at=AT, attempts_made=1, text_ciphertext=b"sealed"
    )
    give_back, waits = results.give_back, [3.0]

    def stand_still_once(**about):
        if waits:
            time.sleep(waits.pop())
        give_back(**about)

    monkeypatch.setattr(results, "give_back", stand_still_once)
    record_surely([Result(id=message.pk, attempt=1, state=S.ACCEPTED)])
    message.refresh_from_db()
    assert (message.state, waits) == (S.ACCEPTED, [])
