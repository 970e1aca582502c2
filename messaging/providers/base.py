"""What every provider is, and what those that speak HTTP share.

A provider is one file: a table of status words, a table of error codes, what a submission looks
like, and how its webhooks are signed and read.
"""

from __future__ import annotations

import contextlib
import functools
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string

from messaging.models import MessageState
from messaging.providers.errors import (
    NotSigned,
    NumberGone,
    OptedOut,
    Rejected,
    SubmitError,
    Throttled,
    Unanswered,
    Unclear,
    UnknownProvider,
    Unreadable,
    safe_code,
)
from messaging.providers.transport import Answer, Transport
from messaging.providers.webhook import Webhook

ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
LONGEST_WAIT = 3600.0
LONGEST_ID = 80
# 4xx answers that do not say whether the request was processed: timeout, conflict, too early.
AMBIGUOUS = (408, 409, 425)
# What a provider's own list can say of a text with an unclear end.
FINDABLE = (
    MessageState.ACCEPTED,
    MessageState.DELIVERED,
    MessageState.UNDELIVERED,
    MessageState.EXPIRED,
)


@dataclass(frozen=True)
class OutgoingText:
    """`reference` is ours and comes back in receipts. What is personal stays out of the repr."""

    to: str = field(repr=False)
    sender_address: str
    body: str = field(repr=False)
    receipt_url: str = field(repr=False)
    reference: str


@dataclass(frozen=True)
class InboundText:
    provider_message_id: str
    from_number: str = field(repr=False)
    to_address: str
    body: str = field(repr=False)


@dataclass(frozen=True)
class ReceiptReport:
    reference: str
    state: MessageState
    error_code: str


def nothing() -> None:
    """For whoever does not want to know when a text was written."""


@dataclass(frozen=True)
class Found:
    """What a provider has on its own list under one of our references: its id for the text, and
    `state`: accepted, or delivered, undelivered or expired where it already knows."""

    provider_message_id: str
    state: MessageState = MessageState.ACCEPTED


class Provider(ABC):
    """The company or protocol that carries texts."""

    # Texts that may be on their way to it at once, from one worker process.
    connections: ClassVar[int] = 250

    # It keeps a list of what it took, and `find` looks a text up there.
    can_be_asked: ClassVar[bool] = False

    # Codes by which it says that the person told it to stop.
    opt_out_codes: ClassVar[frozenset[str]] = frozenset()
    # Codes by which it says that a number is gone, or can never take a text.
    gone_codes: ClassVar[frozenset[str]] = frozenset()
    # Codes by which it says that the person, or the carrier for them, complained of spam.
    complaint_codes: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, name: str) -> None:
        """`name`: its key in the setting SMS_PROVIDERS."""
        self.name = name

    def check_place(self) -> None:  # noqa: B027
        """Raise where this provider must not be used; cheap, called before each turn."""

    async def close(self) -> None:  # noqa: B027
        """Let go of every connection, on the event loop that opened them."""

    @abstractmethod
    async def submit(
        self, text: OutgoingText, *, not_after: float, written: Callable[[], None] = nothing
    ) -> str:
        """Hand the text over, once, and return the provider's id for it.

        `not_after` (time.monotonic()) is looked at directly before the first byte leaves, and
        `written` called directly after the last did. Raises NotWritten, Throttled, Rejected,
        OptedOut, NumberGone or Unclear.
        """

    async def find(self, reference: str) -> Found | None:
        """Look up the text that was submitted under our `reference`. Changes nothing.

        None: its list has no such text, which is no proof that it will never send it. Raises
        Unanswered.
        """
        raise Unanswered("cannot_be_asked")

    def verify(self, webhook: Webhook) -> None:
        """Raise NotSigned unless the webhook is the provider's own.

        Like `receipts` it looks at the webhook and the settings only, never at the database: the
        inbox asks both between other people's requests.
        """
        raise NotSigned

    def receipts(self, webhook: Webhook, reference: str) -> list[ReceiptReport]:
        """What a webhook reports about the text that `reference` stands for, or Unreadable."""
        raise Unreadable("this provider sends no receipts")

    def inbound(self, webhook: Webhook) -> list[InboundText]:
        """The texts that a webhook brings, or Unreadable."""
        raise Unreadable("this provider brings no texts")


class HttpProvider(Provider):
    """A provider that takes each text as one JSON request."""

    deadline: ClassVar[float] = 10.0
    # The provider's words for what became of a text.
    status_words: ClassVar[Mapping[str, MessageState]] = {}

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._transport = Transport(connections=self.connections, deadline=self.deadline)

    @abstractmethod
    def address(self) -> str:
        """Where texts are submitted."""

    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """How the provider knows that it is us."""

    @abstractmethod
    def payload(self, text: OutgoingText) -> Mapping[str, str]:
        """The submission."""

    @abstractmethod
    def accepted_id(self, answer: Mapping[str, Any]) -> object:
        """The provider's id in its yes."""

    @abstractmethod
    def refusal_code(self, answer: Mapping[str, Any]) -> object:
        """The provider's code in its no."""

    def lookup_address(self, reference: str) -> str:
        """Where its list answers about one reference; for those that `can_be_asked`."""
        raise NotImplementedError

    def found(self, answer: Mapping[str, Any]) -> Found | None:
        """What its list says; raises Unreadable. For those that `can_be_asked`."""
        raise NotImplementedError

    async def close(self) -> None:
        await self._transport.close()

    async def submit(
        self, text: OutgoingText, *, not_after: float, written: Callable[[], None] = nothing
    ) -> str:
        body = ENCODER.encode(self.payload(text)).encode()
        answer = await self._transport.post(
            self.address(), body, self.headers(), not_after=not_after, written=written
        )
        if 200 <= answer.status < 300:
            return self._id(answer)
        raise self._refusal(answer)

    async def find(self, reference: str) -> Found | None:
        if not self.can_be_asked:
            return await super().find(reference)
        answer = await self._transport.get(self.lookup_address(reference), self.headers())
        said = read_object(answer.body)
        # A 404 can come from whatever stands in between: only words of its own mean that it
        # looked.
        if answer.status != 200 or said is None:
            raise Unanswered(f"http_{answer.status}")
        return self._checked(said)

    def _checked(self, said: Mapping[str, Any]) -> Found | None:
        try:
            found = self.found(said)
        except Unreadable:
            found = Found("")
        if found and not (_is_id(found.provider_message_id) and found.state in FINDABLE):
            raise Unanswered("unreadable_answer")
        return found

    def _id(self, answer: Answer) -> str:
        found = self.accepted_id(read_object(answer.body) or {})
        if not _is_id(found):
            raise Unclear("unreadable_answer")
        return str(found)

    def _refusal(self, answer: Answer) -> SubmitError:
        if answer.status == 429:
            return Throttled(_seconds(answer.retry_after))
        if not 400 <= answer.status < 500 or answer.status in AMBIGUOUS:
            return Unclear(f"http_{answer.status}")
        told = self.refusal_code(read_object(answer.body) or {})
        code = safe_code(told or "", otherwise=f"http_{answer.status}")
        if code in self.gone_codes:
            return NumberGone(code)
        return OptedOut(code) if code in self.opt_out_codes else Rejected(code)


def _is_id(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word) <= LONGEST_ID and "\0" not in word


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`, if that is what it is."""
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(body)
        return found if isinstance(found, dict) else None
    return None


def _seconds(retry_after: str) -> float:
    """`Retry-After` in seconds; its other form, a date, is met with the shortest wait."""
    try:
        return min(max(float(retry_after), 1.0), LONGEST_WAIT)
    except ValueError:
        return 1.0


def provider(name: str) -> Provider:
    """The provider that SMS_PROVIDERS names so; one object per process."""
    path = settings.SMS_PROVIDERS.get(name)
    if path is None:
        raise UnknownProvider(name)
    return _instance(name, path)


@functools.cache
def _instance(name: str, path: str) -> Provider:
    made: Provider = import_string(path)(name)
    return made
