"""Asking providers about texts with an unclear end. Nothing is ever sent again here."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from messaging.lanes.submission import connected
from messaging.lanes.wire import wire
from messaging.models import Message, MessageState
from messaging.providers.base import Found, Provider, provider
from messaging.providers.errors import OutOfPlace, Unanswered, UnknownProvider

log = logging.getLogger(__name__)
# Until then the answer to the submission, or its receipt, may still come.
ASK_AFTER = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
BATCH = 300
AT_ONCE = 20
# All questions of one tick together; who was not asked is asked after the next pause.
ASK_WITHIN_SECONDS = 20.0

# Noted before anybody is asked: two workers never ask about the same text, and no lock is held
# while we wait for the answers. The pauses double: 2, 4, 8 minutes and so on.
TAKE = """
    WITH due AS (
        SELECT m.id FROM messaging_message m
        JOIN messaging_sender s ON s.id = m.sender_id AND s.provider = ANY(%(providers)s)
        LEFT JOIN messaging_enquiry e ON e.message_id = m.id
        WHERE m.state = 'unknown' AND m.permitted_at <= %(unclear_since)s
          AND (e.message_id IS NULL OR e.next_at <= %(at)s)
        ORDER BY e.next_at NULLS FIRST, m.permitted_at LIMIT %(limit)s
    ), asked AS (
        INSERT INTO messaging_enquiry AS e (message_id, times, asked_at, next_at)
        SELECT id, 1, %(at)s, %(at)s + interval '2 minutes' FROM due ORDER BY id
        ON CONFLICT (message_id) DO UPDATE SET times = e.times + 1, asked_at = EXCLUDED.asked_at,
            next_at = %(at)s + LEAST(%(longest)s::interval,
                interval '1 minute' * power(2, LEAST(e.times + 1, 10)))
            WHERE e.next_at <= %(at)s
        RETURNING message_id
    )
    SELECT m.id, m.id || '.' || m.receipt_token, s.provider FROM asked
    JOIN messaging_message m ON m.id = asked.message_id
    JOIN messaging_sender s ON s.id = m.sender_id
"""
# Of a person erased meanwhile only the outcome is kept.
SETTLE = """
    UPDATE messaging_message m
    SET state = v.state, settled_at = %(at)s, error_code = '',
        provider_message_id = CASE WHEN p.erased_at IS NULL THEN v.provider_id ELSE '' END
    FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(provider_ids)s::text[])
        AS v (id, state, provider_id), subscribers_subscriber p
    WHERE m.id = v.id AND m.state = 'unknown' AND p.id = m.subscriber_id
"""


@dataclass(frozen=True)
class Unclear:
    """A text that may have left. Its reference is random and says nothing about the person."""

    id: int
    reference: str
    provider: str


def ask_about_unknown(*, at: datetime) -> int:
    """Ask about the texts that are due, some hundred a call; how many were settled.

    A text that the provider has becomes what the provider says. One that it does not have stays
    in doubt: its list may lag behind, and what is in doubt is never sent again.
    """
    askable = _askable()
    unclear = _take_due(list(askable), at) if askable else []
    found: dict[int, Found] = {}
    for name, texts in _by_provider(unclear).items():
        found |= _ask(name, texts)
    return _settle(found, at=at) if found else 0


def _askable() -> dict[str, Provider]:
    known = {name: _provider(name) for name in settings.SMS_PROVIDERS}
    return {name: carrier for name, carrier in known.items() if carrier and carrier.can_be_asked}


def _provider(name: str) -> Provider | None:
    """None where the setting names what is not there: the system check says so."""
    try:
        return provider(name)
    except (UnknownProvider, ImportError):
        return None


def _take_due(providers: list[str], at: datetime) -> list[Unclear]:
    parameters: dict[str, Any] = {
        "at": at,
        "unclear_since": at - ASK_AFTER,
        "longest": LONGEST_PAUSE,
        "providers": providers,
        "limit": BATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, parameters)
        return [Unclear(*row) for row in cursor.fetchall()]


def _by_provider(unclear: list[Unclear]) -> Mapping[str, list[Unclear]]:
    grouped: dict[str, list[Unclear]] = defaultdict(list)
    for text in unclear:
        grouped[text.provider].append(text)
    return grouped


def _ask(name: str, texts: list[Unclear]) -> dict[int, Found]:
    """What it has of these; a provider in trouble must not keep the others from being asked."""
    try:
        work = _ask_all(connected(name), texts)
        return wire().run(work, seconds=2 * ASK_WITHIN_SECONDS)
    except OutOfPlace:
        return {}
    except Exception:
        # A fault in one provider's code: the traceback names it, no text and no number.
        log.exception("provider %s: it could not be asked", name)
        return {}


async def _ask_all(carrier: Provider, texts: list[Unclear]) -> dict[int, Found]:
    found: dict[int, Found] = {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(text: Unclear) -> None:
        async with gate:
            known = await _ask_one(carrier, text)
        if known is not None:
            found[text.id] = known

    try:
        async with asyncio.timeout(ASK_WITHIN_SECONDS):
            await asyncio.gather(*map(ask, texts))
    except TimeoutError:
        log.warning("provider %s: it answers slowly; the rest is asked later", carrier.name)
    return found


async def _ask_one(carrier: Provider, text: Unclear) -> Found | None:
    try:
        return await carrier.find(text.reference)
    except Unanswered as silence:
        log.info("message %s: %s", text.id, silence)
        return None


@transaction.atomic
def _settle(found: Mapping[int, Found], *, at: datetime) -> int:
    """Locked in id order, as every bulk writer does; what moved meanwhile is left alone."""
    waiting = Message.objects.filter(pk__in=found, state=MessageState.UNKNOWN).order_by("pk")
    ids = list(waiting.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    parameters: dict[str, Any] = {
        "at": at,
        "ids": ids,
        "states": [str(found[id].state) for id in ids],
        "provider_ids": [found[id].provider_message_id for id in ids],
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, parameters)
        return int(cursor.rowcount)
