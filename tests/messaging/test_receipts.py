from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection

from messaging.models import Message, MessageKind, MessageState, Receipt, Sender
from messaging.operations.receipts import apply_receipts, store_receipts
from messaging.providers.base import ReceiptReport
from subscribers.models import Subscriber

S = MessageState
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender() -> Sender:
    return Sender.objects.create(
        name="Library", provider="simulator", address="Library", parts_per_second=10
    )


@pytest.fixture
def alice() -> Subscriber:
    subscriber = Subscriber(created_at=NOON)
    subscriber.phone_number = "+447700900001"
    subscriber.save()
    return subscriber


# How a message comes to each state from its birth.
WAYS: dict[MessageState, list[MessageState]] = {
    S.QUEUED: [],
    S.WITHHELD: [S.WITHHELD],
    S.SUBMITTING: [S.SUBMITTING],
    S.ACCEPTED: [S.SUBMITTING, S.ACCEPTED],
    S.REJECTED: [S.SUBMITTING, S.REJECTED],
    S.UNDELIVERED: [S.SUBMITTING, S.ACCEPTED, S.UNDELIVERED],
    S.UNKNOWN: [S.SUBMITTING, S.UNKNOWN],
    S.UNKNOWN_FINAL: [S.SUBMITTING, S.UNKNOWN, S.UNKNOWN_FINAL],
}


def message_in(state: MessageState, sender: Sender, alice: Subscriber) -> Message:
    message = Message.objects.create(
        kind=MessageKind.CONFIRMATION,
        subscriber=alice,
        sender=sender,
        language="en",
        parts=1,
        send_after=NOON,
        lapses_at=NOON + MINUTE,
        queued_at=NOON,
        permitted_at=NOON,
        objections=[{"code": "frozen"}],
    )
    for message.state in WAYS[state]:
        message.save()
    return message


def report(message: Message, *states: MessageState, at: datetime = NOON, code: str = "") -> None:
    for state in states:
        one = ReceiptReport(message.reference, state, code)
        store_receipts(provider="simulator", reports=[one], at=at)


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (S.ACCEPTED, [S.DELIVERED], S.DELIVERED),
        (S.ACCEPTED, [S.UNDELIVERED], S.UNDELIVERED),
        (S.ACCEPTED, [S.ACCEPTED], S.ACCEPTED),
        (S.ACCEPTED, [S.DELIVERED, S.DELIVERED, S.UNDELIVERED], S.DELIVERED),
        (S.UNKNOWN, [S.ACCEPTED], S.ACCEPTED),
        (S.UNKNOWN, [S.ACCEPTED, S.EXPIRED], S.EXPIRED),
        (S.UNKNOWN, [S.DELIVERED, S.ACCEPTED], S.DELIVERED),
        (S.UNDELIVERED, [S.DELIVERED], S.UNDELIVERED),
        (S.UNKNOWN_FINAL, [S.DELIVERED], S.UNKNOWN_FINAL),
        (S.REJECTED, [S.DELIVERED], S.REJECTED),
        (S.WITHHELD, [S.DELIVERED], S.WITHHELD),
    ],
)
def test_a_message_only_moves_forward(
    before: MessageState,
    told: list[MessageState],
    after: MessageState,
    sender: Sender,
    alice: Subscriber,
) -> None:
    message = message_in(before, sender, alice)
    report(message, *told)
    assert apply_receipts(at=NOON + MINUTE) == len(told)
    message.refresh_from_db()
    assert message.state == after
    assert not Receipt.objects.filter(applied_at=None).exists()
    assert set(Receipt.objects.values_list("message_id", "applied_at")) == {
        (message.pk, NOON + MINUTE)
    }


def test_the_deciding_receipt_gives_code_and_time(sender: Sender, alice: Subscriber) -> None:
    message = message_in(S.ACCEPTED, sender, alice)
    report(message, S.UNDELIVERED, code="phone_unreachable")
    report(message, S.DELIVERED, at=NOON + MINUTE)
    apply_receipts(at=NOON + 2 * MINUTE)
    message.refresh_from_db()
    assert (message.error_code, message.settled_at) == ("phone_unreachable", NOON)


@pytest.mark.parametrize("unsettled", [S.SUBMITTING, S.QUEUED])
def test_a_receipt_that_overtakes_the_answer_waits_for_it(
    unsettled: MessageState, sender: Sender, alice: Subscriber
) -> None:
    message = message_in(unsettled, sender, alice)
    report(message, S.DELIVERED)
    assert apply_receipts(at=NOON + 9 * MINUTE) == 0
    Message.objects.filter(state=S.QUEUED).update(state=S.SUBMITTING)
    Message.objects.update(state=S.ACCEPTED)
    assert apply_receipts(at=NOON + 9 * MINUTE) == 1
    message.refresh_from_db()
    assert message.state == S.DELIVERED


def test_it_waits_ten_minutes_at_most(sender: Sender, alice: Subscriber) -> None:
    message = message_in(S.SUBMITTING, sender, alice)
    report(message, S.DELIVERED)
    assert apply_receipts(at=NOON + 10 * MINUTE) == 1
    message.refresh_from_db()
    assert message.state == S.SUBMITTING


def test_waiting_receipts_hold_up_no_others(
    sender: Sender, alice: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.operations.receipts.BATCH", 1)
    early = message_in(S.SUBMITTING, sender, alice)
    report(early, S.DELIVERED)
    settled = [message_in(S.ACCEPTED, sender, alice) for _ in range(3)]
    for message in settled:
        report(message, S.DELIVERED)
    assert apply_receipts(at=NOON) == 3
    assert Message.objects.filter(state=S.DELIVERED).count() == 3


def test_a_reference_nobody_has_is_done_with() -> None:
    one = ReceiptReport("1.nobody", S.DELIVERED, "")
    store_receipts(provider="simulator", reports=[one], at=NOON)
    assert apply_receipts(at=NOON) == 1
    assert Receipt.objects.get().message_id is None


def test_a_provider_reports_about_its_own_texts_only(sender: Sender, alice: Subscriber) -> None:
    message = message_in(S.ACCEPTED, sender, alice)
    one = ReceiptReport(message.reference, S.UNDELIVERED, "number_not_in_service")
    store_receipts(provider="pigeon", reports=[one], at=NOON)
    assert apply_receipts(at=NOON) == 1
    message.refresh_from_db()
    alice.refresh_from_db()
    assert (message.state, alice.number_gone_at) == (S.ACCEPTED, None)
    assert Receipt.objects.get().message_id is None


def test_nothing_waiting_is_no_work() -> None:
    assert apply_receipts(at=NOON) == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_apply_each_receipt_once(
    sender: Sender, alice: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.operations.receipts.BATCH", 20)
    for message in [message_in(S.ACCEPTED, sender, alice) for _ in range(100)]:
        report(message, S.DELIVERED)
    counts: list[int] = []

    def work() -> None:
        counts.append(apply_receipts(at=NOON))
        connection.close()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == 100
    assert Message.objects.filter(state=S.DELIVERED).count() == 100
