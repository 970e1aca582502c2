"""What became of the texts of one turn, written in one statement."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.utils import timezone

from consent.operations.answers import note_texts_left
from messaging.lanes import chunks
from messaging.lanes.daily import give_back
from messaging.models import Attempt, AttemptOutcome, Message, MessageState
from messaging.operations.gone_numbers import note_gone
from messaging.statements import be_brief, run

log = logging.getLogger(__name__)
MOST_TRIES = 3
RECORD_WITHIN_SECONDS = 25.0
# Ids are locked in order before anything changes: two bulk updates in different orders deadlock.
LOCK = """
    SELECT id FROM messaging_message WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
"""
# Only the attempt we made: whoever recovered the message meanwhile has the last word. Of a person
# erased meanwhile the outcome counts and nothing else is kept, and nothing is tried again.
RECORD = """
    UPDATE messaging_message m
    SET state = CASE WHEN p.erased AND v.state = 'queued' THEN 'cancelled' ELSE v.state END,
        provider_message_id = CASE WHEN p.erased THEN '' ELSE v.provider_message_id END,
        error_code = CASE WHEN p.erased THEN '' ELSE v.error_code END,
        send_after = COALESCE(v.send_after, m.send_after),
        settled_at = CASE WHEN v.state = 'unknown' OR v.state = 'queued' AND NOT p.erased
                          THEN NULL ELSE %(at)s END,
        permitted_at = CASE WHEN v.state = 'queued' THEN NULL ELSE m.permitted_at END
    FROM (SELECT id, erased_at IS NOT NULL AS erased FROM subscribers_subscriber) p,
         (SELECT unnest(%(ids)b::bigint[]) AS id, unnest(%(attempts)b::int[]) AS attempt,
                 unnest(%(states)b::text[]) AS state,
                 unnest(%(provider_ids)b::text[]) AS provider_message_id,
                 unnest(%(codes)b::text[]) AS error_code,
                 unnest(%(times)b::timestamptz[]) AS send_after) v
    WHERE m.id = v.id AND m.state IS NOT DISTINCT FROM 'submitting' AND m.attempts_made = v.attempt
      AND p.id = m.subscriber_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one submission ended.

    `outcome` is set where an Attempt row is worth keeping, `confirmation_id` where a
    confirmation text was put back.
    """

    id: int
    attempt: int
    state: MessageState
    provider_message_id: str = ""
    error_code: str = ""
    outcome: AttemptOutcome | None = None
    again_after: timedelta | None = None
    opted_out: bool = False
    number_gone: bool = False
    confirmation_id: int | None = None


def record_surely(results: list[Result]) -> None:
    """`record` now, and again on a new connection while the database is away.

    Within the time after which recovery calls them lost: what a worker knows must
    not become a doubt because of a restart.
    """
    give_up = time.monotonic() + RECORD_WITHIN_SECONDS
    while True:
        try:
            return record(results, at=timezone.now())
        # Internal is what it calls that we stood still for too long.
        except (OperationalError, InterfaceError, InternalError):
            if connection.in_atomic_block or time.monotonic() > give_up:
                raise
            log.warning("%d results wait for the database", len(results))
            connection.close()
            time.sleep(0.5)


@transaction.atomic
def record(results: list[Result], *, at: datetime) -> None:
    """Write all results; a message that was recovered meanwhile is left as it is."""
    if not results:
        return
    ids = [result.id for result in results]
    be_brief()
    run(LOCK, {"ids": ids})
    back = [result.id for result in results if result.state == MessageState.QUEUED]
    give_back(message_ids=back)
    run(RECORD, _columns(results, at))
    chunks.reopen(back)
    _keep_attempts(results, at)
    note_gone(message_ids=[r.id for r in results if r.number_gone], at=at)
    put_back = [r.confirmation_id for r in results if r.confirmation_id is not None]
    note_texts_left(confirmation_ids=put_back, at=None)


def _columns(results: list[Result], at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "ids": [r.id for r in results],
        "attempts": [r.attempt for r in results],
        "states": [str(r.state) for r in results],
        "provider_ids": [r.provider_message_id for r in results],
        "codes": [r.error_code for r in results],
        "times": [None if r.again_after is None else at + r.again_after for r in results],
    }


def _keep_attempts(results: list[Result], at: datetime) -> None:
    worth_keeping = [(r, r.outcome) for r in results if r.outcome is not None]
    if not worth_keeping:
        return
    erased = _of_erased_people([r.id for r, _outcome in worth_keeping])
    Attempt.objects.bulk_create(
        [
            Attempt(
                message_id=r.id,
                number=r.attempt,
                outcome=outcome,
                detail="" if r.id in erased else r.error_code,
                ended_at=at,
            )
            for r, outcome in worth_keeping
        ],
        ignore_conflicts=True,
    )


def _of_erased_people(ids: list[int]) -> set[int]:
    erased = Message.objects.filter(pk__in=ids, subscriber__erased_at__isnull=False)
    return set(erased.values_list("pk", flat=True))
