"""Delivery reports: kept as they come, applied in bulk a moment later.

One insert per webhook keeps the answer to the provider quick; the messages are changed by one
worker in few statements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from messaging.models import Message, MessageState, Receipt
from messaging.models.messages import MOVES
from messaging.operations.gone_numbers import note_gone, says_gone
from messaging.providers.base import ReceiptReport

BATCH = 2_000
BATCHES = 10
# A receipt can overtake the answer to the submission it is about.
UNSETTLED = (MessageState.QUEUED, MessageState.SUBMITTING)
WAIT_FOR_SETTLING = timedelta(minutes=10)

TAKE = """
    SELECT r.id, r.provider, r.state, r.error_code, r.received_at, m.id
    FROM messaging_receipt r
    LEFT JOIN messaging_message m ON m.receipt_token = r.receipt_token
        AND r.provider = (SELECT s.provider FROM messaging_sender s WHERE s.id = m.sender_id)
    WHERE r.applied_at IS NULL
      AND (m.id IS NULL OR m.state <> ALL(%s) OR r.received_at <= %s)
    ORDER BY r.id LIMIT %s
    FOR UPDATE OF r SKIP LOCKED
"""
MOVE = """
    UPDATE messaging_message m
    SET state = v.state, settled_at = v.settled_at,
        error_code = CASE WHEN p.erased_at IS NULL THEN v.error_code ELSE '' END
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
        AS v(id, state, error_code, settled_at), subscribers_subscriber p
    WHERE m.id = v.id AND p.id = m.subscriber_id
"""
# Of a person erased meanwhile only the outcome is kept.
MARK = """
    UPDATE messaging_receipt r SET applied_at = %s, message_id = v.message_id,
        error_code = CASE WHEN p.erased_at IS NULL THEN r.error_code ELSE '' END
    FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, message_id)
    LEFT JOIN messaging_message m ON m.id = v.message_id
    LEFT JOIN subscribers_subscriber p ON p.id = m.subscriber_id
    WHERE r.id = v.id
"""


@dataclass(frozen=True)
class WaitingReceipt:
    id: int
    provider: str
    state: str
    error_code: str
    received_at: datetime
    message_id: int | None


def store_receipts(*, provider: str, reports: Iterable[ReceiptReport], at: datetime) -> None:
    """Keep the reports until `apply_receipts` looks at them."""
    Receipt.objects.bulk_create(
        Receipt(
            provider=provider,
            receipt_token=report.receipt_token,
            state=report.state,
            error_code=report.error_code,
            received_at=at,
        )
        for report in reports
    )


def apply_receipts(*, at: datetime) -> int:
    """Move the messages that waiting receipts are about; how many receipts are done with.

    Messages only move forward: a late or repeated receipt is marked applied and changes nothing.
    One about a message that is still leaving waits until it settled, at most ten minutes.
    """
    done = 0
    for _ in range(BATCHES):
        applied = _apply_batch(at=at)
        done += applied
        if applied < BATCH:
            break
    return done


@transaction.atomic
def _apply_batch(*, at: datetime) -> int:
    receipts = _take_waiting(at)
    if not receipts:
        return 0
    states = _lock_messages(receipts)
    deciding = _last_words(receipts, states)
    _move_messages(deciding)
    gone = [id for id, last in deciding.items() if _says_gone(last)]
    note_gone(message_ids=gone, at=at)
    with connection.cursor() as cursor:
        ids = [receipt.id for receipt in receipts]
        cursor.execute(MARK, [at, ids, [receipt.message_id for receipt in receipts]])
    return len(receipts)


def _says_gone(receipt: WaitingReceipt) -> bool:
    return says_gone(provider_name=receipt.provider, code=receipt.error_code)


def _take_waiting(at: datetime) -> list[WaitingReceipt]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [[*map(str, UNSETTLED)], at - WAIT_FOR_SETTLING, BATCH])
        return [WaitingReceipt(*row) for row in cursor.fetchall()]


def _lock_messages(receipts: Iterable[WaitingReceipt]) -> dict[int, str]:
    """The states now, read under locks taken in the order of the ids as every bulk writer does."""
    ids = {receipt.message_id for receipt in receipts if receipt.message_id is not None}
    locked = Message.objects.filter(id__in=ids).order_by("id").select_for_update(no_key=True)
    return dict(locked.values_list("id", "state"))


def _last_words(
    receipts: Iterable[WaitingReceipt], states: dict[int, str]
) -> dict[int, WaitingReceipt]:
    """For each message that moves, the receipt that says where it ends."""
    deciding: dict[int, WaitingReceipt] = {}
    for receipt in receipts:
        if receipt.message_id is None:
            continue
        now = MessageState(states[receipt.message_id])
        if now not in UNSETTLED and receipt.state in MOVES.get(now, ()):
            states[receipt.message_id] = receipt.state
            deciding[receipt.message_id] = receipt
    return deciding


def _move_messages(deciding: dict[int, WaitingReceipt]) -> None:
    last_words = deciding.values()
    states = [receipt.state for receipt in last_words]
    error_codes = [receipt.error_code for receipt in last_words]
    times = [receipt.received_at for receipt in last_words]
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [list(deciding), states, error_codes, times])
