"""A text is on its way to the provider while its person is erased."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent.models import ActorKind
from consent.operations.erasure import forget
from messaging.lanes.results import Result, record
from messaging.lanes.turn import _learn_opt_outs
from messaging.models import Attempt, AttemptOutcome, Message, MessageState, Receipt
from messaging.operations.receipts import apply_receipts, store_receipts
from messaging.providers.base import ReceiptReport
from tests import cast

pytestmark = pytest.mark.django_db
S = MessageState
LATER = cast.NOON + cast.HOUR


@pytest.fixture
def in_flight() -> Message:
    alice = cast.alice()
    message = Message.objects.filter(subscriber=alice).latest("pk")
    Message.objects.filter(pk=message.pk).update(
        state=S.SUBMITTING, permitted_at=cast.NOON, attempts_made=1
    )
    forget(subscriber=alice, actor_kind=ActorKind.SUBSCRIBER, remember_no=True, at=LATER)
    message.refresh_from_db()
    assert message.state == S.SUBMITTING
    return message


def ended(message: Message, state: MessageState, **more: object) -> Message:
    result = Result(
        id=message.pk, attempt=1, state=state, provider_message_id="SM-123", error_code="30003",
        **more,
    )  # fmt: skip
    record([result], at=LATER)
    message.refresh_from_db()
    return message


@pytest.mark.parametrize("state", [S.ACCEPTED, S.REJECTED, S.UNKNOWN])
def test_the_outcome_counts_and_nothing_else_is_kept(in_flight, state):
    message = ended(in_flight, state, outcome=AttemptOutcome.UNCLEAR)
    assert (message.state, message.provider_message_id, message.error_code) == (state, "", "")
    assert Attempt.objects.get(message=message).detail == ""


def test_it_is_not_tried_again(in_flight):
    message = ended(
        in_flight, S.QUEUED, outcome=AttemptOutcome.THROTTLED, again_after=timedelta(minutes=1)
    )
    assert (message.state, message.settled_at) == (S.CANCELLED, LATER)
    assert (message.provider_message_id, message.error_code) == ("", "")


def test_a_receipt_that_comes_later_leaves_no_code(in_flight):
    message = ended(in_flight, S.ACCEPTED)
    report = ReceiptReport(message.reference, S.UNDELIVERED, "30003")
    store_receipts(provider="simulator", reports=[report], at=LATER)
    apply_receipts(at=LATER)
    message.refresh_from_db()
    assert (message.state, message.error_code) == (S.UNDELIVERED, "")
    assert Receipt.objects.get().error_code == ""


def test_a_stop_that_the_carrier_reports_opens_no_new_entry(in_flight):
    before = in_flight.subscriber.events.count()
    _learn_opt_outs([Result(id=in_flight.pk, attempt=1, state=S.REJECTED, opted_out=True)])
    assert in_flight.subscriber.events.count() == before


def test_whoever_was_not_erased_keeps_what_the_provider_said():
    alice = cast.alice()
    message = Message.objects.filter(subscriber=alice).latest("pk")
    Message.objects.filter(pk=message.pk).update(
        state=S.SUBMITTING, permitted_at=cast.NOON, attempts_made=1
    )
    ended(message, S.REJECTED)
    assert (message.provider_message_id, message.error_code) == ("SM-123", "30003")
