"""What staff see of one person: one read of everything that is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from consent.models import ConsentEvent, Guardianship, Hold
from consent.standing import standings
from consent.suppression import suppression_of
from messaging.models import InboundMessage, Message
from messaging.reasons import reasons
from messaging.texts import key_of, words_of
from subscribers.models import Attribute, Subscriber

MOST_LINES = 100


@dataclass(frozen=True)
class SentText:
    message: Message
    reasons: list[str]


@dataclass(frozen=True)
class ReceivedText:
    """`words` is "" where they are not kept any more."""

    message: InboundMessage
    words: str = field(repr=False)


def person_context(person: Subscriber, *, at: datetime) -> dict[str, Any]:
    return {
        "person": person,
        "lists": person.lists.order_by("name"),
        "answers": _answers(person),
        "standings": standings(subscriber=person, at=at),
        "events": _events(person),
        "texts": _texts(person),
        "replies": _replies(person),
        "suppression": suppression_of(person),
        "guardianships": _guardianships(person),
        "hold": Hold.objects.filter(subscriber=person, released_at=None).first(),
    }


def _answers(person: Subscriber) -> list[tuple[str, object]]:
    labels = dict(Attribute.objects.values_list("code", "label"))
    words = {True: _("yes"), False: _("no")}
    return [
        (labels.get(code, code), words[value] if isinstance(value, bool) else value)
        for code, value in sorted(person.attributes.items())
    ]


def _events(person: Subscriber) -> list[ConsentEvent]:
    events = ConsentEvent.objects.filter(subject=person).select_related("purpose", "form")
    return list(events.order_by("-occurred_at", "-id")[:MOST_LINES])


def _texts(person: Subscriber) -> list[SentText]:
    texts = Message.objects.filter(subscriber=person).select_related("campaign", "purpose")
    return [SentText(text, reasons(text)) for text in texts.order_by("-pk")[:MOST_LINES]]


def _replies(person: Subscriber) -> list[ReceivedText]:
    """With their words: whoever decides what somebody meant has to read it."""
    received = InboundMessage.objects.filter(subscriber=person).order_by("-received_at")
    key = key_of(person)
    return [ReceivedText(text, words_of(text, key=key)) for text in received[:MOST_LINES]]


def _guardianships(person: Subscriber) -> list[Guardianship]:
    return list(person.guardianships.select_related("holder").order_by("-requested_at"))
