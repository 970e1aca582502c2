"""Hand one permitted text to its provider, at its start time, and say how that ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from messaging.lanes.permits import Permitted
from messaging.lanes.results import MOST_TRIES, Result
from messaging.models import AttemptOutcome, MessageState
from messaging.models.messages import reference
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
CROWD_SECONDS = 0.05


@dataclass(frozen=True)
class Flight:
    """The texts of one turn on their way. Times are of `time.monotonic()`.

    Each starts at `reserved_at` and its own seconds; none is written after `not_after`. Whoever
    could still write at `killed_at` must not.
    """

    carrier: Provider
    sender_id: int
    sender_address: str
    receipts_address: str
    texts: list[Permitted] = field(repr=False)
    reserved_at: float
    not_after: float
    killed_at: float

    @property
    def crowd(self) -> int:
        """How many of the texts leave together, right at the beginning."""
        first = min(text.starts_after for text in self.texts)
        return sum(text.starts_after < first + CROWD_SECONDS for text in self.texts)

    @property
    def last_start(self) -> float:
        return self.reserved_at + max(text.starts_after for text in self.texts)


def connected(name: str) -> Provider:
    """The provider of this name, in its place; raises `UnknownProvider` or `OutOfPlace`."""
    carrier = provider(name)
    carrier.check_place()
    return carrier


async def submit(text: Permitted, flight: Flight, written: Callable[[], None]) -> Result:
    """Never raises; `written` is called once the text has left."""
    name = reference(text.id, text.receipt_token)
    outgoing = OutgoingText(
        to=text.to,
        sender_address=flight.sender_address,
        body=text.body,
        receipt_url=f"{flight.receipts_address}{name}/",
        reference=name,
    )
    try:
        taken_as = await flight.carrier.submit(
            outgoing, not_after=flight.not_after, written=written
        )
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
