from __future__ import annotations

import pytest
from django.utils import timezone

from messaging.lanes.results import Result, record
from messaging.models import Message, MessageState
from messaging.operations.inbound import receive_text
from messaging.operations.receipts import apply_receipts, store_receipts
from messaging.providers.base import InboundText, ReceiptReport
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db
S = MessageState


def texted(state: MessageState) -> Message:
    """The welcome text to alice, on its way."""
    message = Message.objects.filter(subscriber=cast.alice(), kind="welcome").get()
    Message.objects.filter(pk=message.pk).update(
        state=S.SUBMITTING, permitted_at=cast.NOON, attempts_made=1
    )
    if state != S.SUBMITTING:
        Message.objects.filter(pk=message.pk).update(state=state)
    message.refresh_from_db()
    return message


def gone() -> bool:
    return Subscriber.objects.get().number_gone_at is not None


def test_a_refusal_that_says_so_marks_the_number():
    message = texted(S.SUBMITTING)
    ended = Result(
        id=message.pk, attempt=1, state=S.REJECTED, error_code="landline", number_gone=True
    )
    record([ended], at=cast.NOON)
    assert gone()


@pytest.mark.parametrize(
    ("code", "is_gone"),
    [("number_not_in_service", True), ("phone_unreachable", False), ("", False)],
)
def test_a_receipt_marks_it_only_by_a_code_that_means_it(code, is_gone):
    message = texted(S.ACCEPTED)
    report = ReceiptReport(message.reference, S.UNDELIVERED, code)
    store_receipts(provider="simulator", reports=[report], at=cast.NOON)
    apply_receipts(at=cast.NOON)
    assert gone() is is_gone


def test_a_text_from_the_number_proves_otherwise():
    message = texted(S.ACCEPTED)
    report = ReceiptReport(message.reference, S.UNDELIVERED, "number_not_in_service")
    store_receipts(provider="simulator", reports=[report], at=cast.NOON)
    apply_receipts(at=cast.NOON)
    hello = InboundText(
        provider_message_id="hello", from_number=cast.ALICE, to_address="+447700900900", body="Hi"
    )
    receive_text(provider="simulator", text=hello, at=timezone.now())
    assert not gone()
