"""All that proves why one number was texted: the story of a person, in the order of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.ledger import evidence
from consent.models import ConsentEvent, LedgerLeaf, NoticeVersion
from consent.standing import StandingLine, standings
from messaging.models import InboundMessage, Message
from messaging.texts import open_text
from subscribers.models import SubjectKey, Subscriber

LABELS = {
    "method": gettext_lazy("How"),
    "statement": gettext_lazy("Words beside the box"),
    "boxes": gettext_lazy("Boxes"),
    "page_address": gettext_lazy("Page"),
    "language": gettext_lazy("Language"),
    "age_asserted": gettext_lazy("Age stated"),
    "attributes": gettext_lazy("Other answers"),
    "network": gettext_lazy("Network, shortened"),
    "user_agent": gettext_lazy("Browser"),
    "confirmation_text": gettext_lazy("Text sent to the number"),
    "reply": gettext_lazy("Text from the number"),
    "provider": gettext_lazy("Received through"),
    "provider_message_id": gettext_lazy("Number of the text at the provider"),
    "received_at": gettext_lazy("Received at"),
    "request": gettext_lazy("Answers the request"),
    "requested_at": gettext_lazy("Asked at"),
    "reason": gettext_lazy("Reason"),
    "expired_at": gettext_lazy("Ran out at"),
    "confirmed_by": gettext_lazy("Confirmed by the entry"),
}


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `place` is the number of its entry in the sealed log."""

    at: datetime
    what: str
    about: str = ""
    words: str = ""
    shown: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    place: int | None = None
    is_entry: bool = False


@dataclass(frozen=True)
class Story:
    person: Subscriber
    standings: list[StandingLine]
    moments: list[Moment]
    notices: list[NoticeVersion]


def story_of(person: Subscriber, *, at: datetime) -> Story:
    """Everything, oldest first. Of an erased person only what names nobody is left."""
    key = SubjectKey.objects.filter(subscriber=person).first()
    reader = _Reader(key.key if key else None, _places(person))
    moments = [*_entries(person, reader), *_sent(person, reader), *_received(person, reader)]
    return Story(
        person=person,
        standings=standings(subscriber=person, at=at),
        moments=sorted(moments, key=lambda moment: moment.at),
        notices=_notices(person),
    )


@dataclass(frozen=True)
class _Reader:
    key: bytes | None = field(repr=False)
    places: Mapping[Any, int]

    def text(self, ciphertext: bytes | memoryview | None, token: str) -> str:
        if self.key is None or ciphertext is None:
            return ""
        return open_text(ciphertext, key=self.key, receipt_token=token)


def _places(person: Subscriber) -> dict[Any, int]:
    leaves = LedgerLeaf.objects.filter(event__subject=person)
    return dict(leaves.values_list("event_id", "position"))


def _notices(person: Subscriber) -> list[NoticeVersion]:
    named = person.events.exclude(notice_version=None).values("notice_version")
    versions = NoticeVersion.objects.filter(pk__in=named).select_related("notice")
    return list(versions.order_by("notice__name", "language", "number"))


def _entries(person: Subscriber, reader: _Reader) -> Iterator[Moment]:
    events = person.events.select_related("purpose", "form", "notice_version__notice", "subject")
    for event in events.order_by("occurred_at", "pk"):
        proof = evidence(event)
        yield Moment(
            at=event.occurred_at,
            what=event.get_kind_display(),
            about=event.purpose.name if event.purpose else "",
            words=str(proof.pop("reply", "")),
            shown=str(proof.pop("shown_text", "")),
            facts=[*_columns(event), *_in_words(proof)],
            place=reader.places.get(event.pk),
            is_entry=True,
        )


def _columns(event: ConsentEvent) -> list[tuple[str, str]]:
    facts = [(_("By"), str(event.get_actor_kind_display()))]
    if event.form:
        version = {"form": event.form, "number": event.form_version}
        facts.append((_("Form"), _("%(form)s, version %(number)s") % version))
    if event.notice_version:
        facts.append((_("Notice"), str(event.notice_version)))
    if event.promised_texts:
        promise = {"texts": event.promised_texts, "days": event.promised_days}
        facts.append((_("Promised"), _("at most %(texts)s in %(days)s days") % promise))
    if event.expires_at:
        facts.append((_("Good until"), event.expires_at.isoformat()))
    return facts


def _in_words(proof: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (str(LABELS.get(name, name)), _value(value))
        for name, value in proof.items()
        if value not in ("", None, {}, [])
    ]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_value(each)}" for name, each in value.items())
    return str(value)


def _sent(person: Subscriber, reader: _Reader) -> Iterator[Moment]:
    texts = Message.objects.filter(subscriber=person).select_related("campaign", "purpose")
    for text in texts.order_by("pk"):
        yield Moment(
            at=text.permitted_at or text.settled_at or text.queued_at,
            what=_("text to the person: %(state)s") % {"state": text.get_state_display()},
            about=text.campaign.name if text.campaign else str(text.get_kind_display()),
            words=reader.text(text.text_ciphertext, text.receipt_token),
            facts=_reliance(text, reader),
        )


def _reliance(text: Message, reader: _Reader) -> list[tuple[str, str]]:
    """The consent that a text relied on, or the rules that kept it from going."""
    facts = [(_("Purpose"), text.purpose.name)] if text.purpose else []
    if text.consent_event_id:
        place = reader.places.get(text.consent_event_id)
        entry = _("entry %(place)s") % {"place": place} if place is not None else _("not sealed")
        facts.append((_("Relied on"), f"{text.consent_event_id} ({entry})"))
    if text.objections:
        facts.append((_("Rule not met"), ", ".join(each["code"] for each in text.objections)))
    return facts


def _received(person: Subscriber, reader: _Reader) -> Iterator[Moment]:
    for text in InboundMessage.objects.filter(subscriber=person).order_by("received_at"):
        yield Moment(
            at=text.received_at,
            what=_("text from the person"),
            about=_("understood as: %(meaning)s") % {"meaning": text.get_meaning_display()},
            words=reader.text(text.text_ciphertext, text.provider_message_id),
            facts=[(_("Number of the text at the provider"), text.provider_message_id)],
        )
