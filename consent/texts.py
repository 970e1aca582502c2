"""The texts that Yeslist itself writes: confirmations, answers, codes.

Their words stand in templates/texts/. How they leave is not this app's matter:
the setting CONSENT_TEXT_SENDER names a class that queues them in the caller's
transaction.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string

from subscribers.models import Subscriber


class TextKind(StrEnum):
    CONFIRMATION = "confirmation"
    WELCOME = "welcome"
    STOP_ANSWER = "stop_answer"
    HELP_ANSWER = "help_answer"
    ACCESS_CODE = "access_code"
    NUMBER_CHANGE = "number_change"
    RECONFIRMATION = "reconfirmation"
    GUARDIAN = "guardian"


class TextSender(Protocol):
    def queue(
        self,
        *,
        kind: TextKind,
        subscriber: Subscriber,
        body: str,
        language: str,
        at: datetime,
        confirmation_id: int | None,
    ) -> None:
        """Queue one text inside the caller's database transaction; never sends by itself.

        A confirmation text leaves only while its request is open, and whoever lets it
        go says so with `consent.operations.answers.note_texts_left`.
        """
        ...

    def await_silence(self, *, subscriber_id: int, locked_at: float) -> None:
        """Return once no text that was permitted earlier is still leaving.

        Called after a withdrawal is committed; `locked_at` is `time.monotonic()`
        when it held the person's lock.
        """
        ...


def render_text(kind: TextKind, *, language: str, **facts: object) -> str:
    """The words of one text in the person's language, on one line."""
    facts = {"organization": settings.ORGANIZATION, "contact": settings.HELP_CONTACT, **facts}
    with translation.override(language):
        return " ".join(render_to_string(f"texts/{kind}.txt", facts).split())


def queue_text(
    kind: TextKind, *, subscriber: Subscriber, language: str, at: datetime, **facts: object
) -> None:
    """Render and queue."""
    body = render_text(kind, language=language, **facts)
    queue_words(kind, body, subscriber=subscriber, language=language, at=at)


def queue_words(
    kind: TextKind,
    body: str,
    *,
    subscriber: Subscriber,
    language: str,
    at: datetime,
    confirmation_id: int | None = None,
) -> None:
    """Queue words that were rendered before."""
    text_sender().queue(
        kind=kind,
        subscriber=subscriber,
        body=body,
        language=language,
        at=at,
        confirmation_id=confirmation_id,
    )


def text_sender() -> TextSender:
    sender: TextSender = import_string(settings.CONSENT_TEXT_SENDER)()
    return sender
