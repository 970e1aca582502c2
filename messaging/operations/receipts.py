"""Delivery reports: kept as they come, applied in bulk a moment later.

Keeping them is one quick insert, so that the provider has its answer; the messages are changed by
one worker in few statements, thousands at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from messaging.models import MessageState
from messaging.models.messages import MOVES
from messaging.operations.gone_numbers import note_gone, says_gone
from messaging.providers.base import ReceiptReport

BATCH = 2_000
BATCHES = 10
# A receipt can overtake the answer to the submission it is about.
UNSETTLED = (MessageState.QUEUED, MessageState.SUBMITTING)
WAIT_FOR_SETTLING = timedelta(minutes=10)

# One statement however many: the inbox keeps all that came within some milliseconds.
KEEP = """
    INSERT INTO messaging_receipt (received_at, provider, reference, state, error_code)
    SELECT %s, v.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS v
"""
TAKE = """
    SELECT r.id, r.provider, r.state, r.error_code, r.received_at, m.id
    FROM messaging_receipt r
    LEFT JOIN messaging_message m ON m.id = split_part(r.reference, '.', 1)::bigint
        AND m.receipt_token = split_part(r.reference, '.', 2)
        AND r.provider = (SELECT s.provider FROM messaging_sender s WHERE s.id = m.sender_id)
    WHERE r.applied_at IS NULL AND r.id > %s
      AND (m.id IS NULL OR m.state <> ALL(%s) OR r.received_at <= %s)
    ORDER BY r.id LIMIT %s
    FOR UPDATE OF r SKIP LOCKED
"""
# In the order of the ids, as every bulk writer does.
LOCK = """
    SELECT id, state FROM messaging_message WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
# Of a person erased meanwhile only the outcome is kept. Few receipts have a code, so the person is
# looked up for those alone.
MOVE = """
    UPDATE messaging_message m
    SET state = v.state, settled_at = v.settled_at,
        error_code = CASE WHEN v.error_code = '' OR EXISTS (
            SELECT 1 FROM subscribers_subscriber p
            WHERE p.id = m.subscriber_id AND p.erased_at IS NOT NULL
        ) THEN '' ELSE v.error_code END
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
        AS v(id, state, error_code, settled_at)
    WHERE m.id = v.id
"""
MARK = """
    UPDATE messaging_receipt r SET applied_at = %s, message_id = v.message_id,
        error_code = CASE WHEN r.error_code = '' OR EXISTS (
            SELECT 1 FROM messaging_message m
            JOIN subscribers_subscriber p ON p.id = m.subscriber_id
            WHERE m.id = v.message_id AND p.erased_at IS NOT NULL
        ) THEN '' ELSE r.error_code END
    FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, message_id)
    WHERE r.id = v.id AND r.applied_at IS NULL
"""


class WaitingReceipt(NamedTuple):
    id: int
    provider: str
    state: str
    error_code: str
    received_at: datetime
    message_id: int | None


def store_receipts(*, provider: str, reports: Iterable[ReceiptReport], at: datetime) -> None:
    """Keep the reports until `apply_receipts` looks at them."""
    told = [(provider, report) for report in reports]
    _execute(KEEP, *kept_values(told, at=at))


def kept_values(told: Sequence[tuple[str, ReceiptReport]], *, at: datetime) -> list[object]:
    """The parameters of `KEEP` for these reports, each with its provider's name."""
    return [
        at,
        [provider for provider, _ in told],
        [report.reference for _, report in told],
        [report.state.value for _, report in told],
        [report.error_code for _, report in told],
    ]


def apply_receipts(*, at: datetime) -> int:
    """Move the messages that waiting receipts are about; how many receipts are done with.

    Messages only move forward: a late or repeated receipt is marked applied and changes nothing.
    One about a message that is still leaving waits until it settled, at most ten minutes.
    """
    done, last_id = 0, 0
    for _ in range(BATCHES):
        receipts = _apply_batch(after=last_id, at=at)
        done += len(receipts)
        if len(receipts) < BATCH:
            break
        last_id = receipts[-1].id
    return done


@transaction.atomic
def _apply_batch(*, after: int, at: datetime) -> list[WaitingReceipt]:
    """Apply the next receipts with an id beyond `after`; those that it is done with."""
    receipts = _take_waiting(after, at)
    if receipts:
        deciding = _last_words(receipts, _lock_messages(receipts))
        _move_messages(deciding)
        gone = [id for id, last in deciding.items() if _says_gone(last)]
        note_gone(message_ids=gone, at=at)
        ids = [receipt.id for receipt in receipts]
        _execute(MARK, at, ids, [receipt.message_id for receipt in receipts])
    return receipts


def _says_gone(receipt: WaitingReceipt) -> bool:
    code = receipt.error_code
    return code != "" and says_gone(provider_name=receipt.provider, code=code)


def _take_waiting(after: int, at: datetime) -> list[WaitingReceipt]:
    # Where the last batch ended: receipts just applied, and those that must wait, are many rows
    # to pass over again.
    unsettled = [*map(str, UNSETTLED)]
    rows = _query(TAKE, after, unsettled, at - WAIT_FOR_SETTLING, BATCH)
    return [WaitingReceipt(*row) for row in rows]


def _lock_messages(receipts: Iterable[WaitingReceipt]) -> dict[int, str]:
    """The states now, under locks."""
    ids = {receipt.message_id for receipt in receipts if receipt.message_id is not None}
    return dict(_query(LOCK, list(ids)))


def _last_words(
    receipts: Iterable[WaitingReceipt], states: dict[int, str]
) -> dict[int, WaitingReceipt]:
    """For each message that moves, the receipt that says where it ends."""
    deciding: dict[int, WaitingReceipt] = {}
    for receipt in receipts:
        if receipt.message_id is None:
            continue
        now = states[receipt.message_id]
        if now not in UNSETTLED and receipt.state in MOVES.get(now, ()):
            states[receipt.message_id] = receipt.state
            deciding[receipt.message_id] = receipt
    return deciding


def _move_messages(deciding: dict[int, WaitingReceipt]) -> None:
    last_words = deciding.values()
    states = [receipt.state for receipt in last_words]
    error_codes = [receipt.error_code for receipt in last_words]
    times = [receipt.received_at for receipt in last_words]
    _execute(MOVE, list(deciding), states, error_codes, times)


def _execute(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _query(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
