"""Hand permitted texts to their provider, each at its start time, none too late."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from messaging.lanes.permits import Permitted
from messaging.lanes.results import MOST_TRIES, Result
from messaging.models import AttemptOutcome, MessageState, Sender
from messaging.providers.base import OutgoingText, Provider, provider
from messaging.providers.errors import (
    NotWritten,
    NumberGone,
    OptedOut,
    Rejected,
    SubmitError,
    Throttled,
    Unclear,
)

log = logging.getLogger(__name__)
# A provider that cannot be reached is asked ever more rarely.
LONGEST_PAUSE_SECONDS = 60


@functools.cache
def event_loop() -> asyncio.Runner:
    """One event loop per worker process, so that its connections stay open between turns."""
    return asyncio.Runner()


def connected(name: str) -> Provider:
    """The provider of this name, ready to submit; raises `UnknownProvider` or `OutOfPlace`."""
    carrier = provider(name)
    carrier.check_place()
    event_loop().run(carrier.open())
    return carrier


def submit_all(
    texts: list[Permitted],
    *,
    carrier: Provider,
    sender: Sender,
    starts_at: Callable[[int], float],
    not_after: float,
) -> list[Result]:
    """Submit every text and say how each ended.

    `starts_at(parts before it)` and `not_after` are moments of `time.monotonic()`.
    """
    return event_loop().run(_submit_all(texts, carrier, sender, starts_at, not_after))


async def _submit_all(
    texts: list[Permitted],
    carrier: Provider,
    sender: Sender,
    starts_at: Callable[[int], float],
    not_after: float,
) -> list[Result]:
    waiting, parts_before = [], 0
    for text in texts:
        start = starts_at(parts_before)
        waiting.append(_submit_one(text, sender, carrier, start, not_after))
        parts_before += text.parts
    return list(await asyncio.gather(*waiting))


async def _submit_one(
    text: Permitted, sender: Sender, carrier: Provider, start: float, not_after: float
) -> Result:
    await asyncio.sleep(max(0.0, start - time.monotonic()))
    outgoing = OutgoingText(
        to=text.to,
        sender_address=sender.address,
        body=text.body,
        receipt_url=_receipt_url(sender, text),
        reference=text.receipt_token,
    )
    try:
        taken_as = await carrier.submit(outgoing, not_after=not_after)
    except SubmitError as error:
        return _failed(text, error)
    except Exception:
        # A fault of ours in one text must not cost the others of the turn their results.
        log.exception("message %s: the provider's code failed", text.id)
        return _failed(text, Unclear("internal_error"))
    return Result(
        id=text.id,
        attempt=text.attempt,
        state=MessageState.ACCEPTED,
        provider_message_id=taken_as,
    )


def _receipt_url(sender: Sender, text: Permitted) -> str:
    return f"{settings.PUBLIC_URL}/providers/{sender.provider}/receipts/{text.receipt_token}/"


def _failed(text: Permitted, error: SubmitError) -> Result:
    match error:
        case NotWritten():
            wait = timedelta(seconds=min(LONGEST_PAUSE_SECONDS, 2 ** min(text.attempt, 6) / 2))
            return _put_back(text, error, AttemptOutcome.NOT_WRITTEN, wait)
        case Throttled() if text.throttled + 1 < MOST_TRIES:
            wait = timedelta(seconds=error.retry_after)
            return _put_back(text, error, AttemptOutcome.THROTTLED, wait)
        case Throttled() | Rejected():
            return Result(
                id=text.id,
                attempt=text.attempt,
                state=MessageState.REJECTED,
                error_code=error.code,
                opted_out=isinstance(error, OptedOut),
                number_gone=isinstance(error, NumberGone),
            )
        case _:
            return Result(
                id=text.id,
                attempt=text.attempt,
                state=MessageState.UNKNOWN,
                error_code=error.code,
                outcome=AttemptOutcome.UNCLEAR,
            )


def _put_back(
    text: Permitted, error: SubmitError, outcome: AttemptOutcome, wait: timedelta
) -> Result:
    return Result(
        id=text.id,
        attempt=text.attempt,
        state=MessageState.QUEUED,
        error_code=error.code,
        outcome=outcome,
        again_after=wait,
        confirmation_id=text.confirmation_id,
    )


def close_connections() -> None:
    """Let go of what this process holds open, at its end."""
    for name in settings.SMS_PROVIDERS:
        event_loop().run(provider(name).close())
    event_loop().close()
    event_loop.cache_clear()
