"""All that proves why one number was texted: the story of a person, in the order of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from consent.evidence_words import in_words
from consent.exports import Line
from consent.ledger import open_evidence
from consent.models import ConsentEvent, LedgerLeaf, NoticeVersion
from consent.sealing import moment
from consent.standing import StandingLine, standings
from messaging.models import InboundMessage, Message
from messaging.texts import open_text, words_of
from subscribers.models import SubjectKey, Subscriber


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
    entries = list(_entries(person, reader))
    texts = [*_sent(person, reader), *_received(person, reader)]
    return Story(
        person=person,
        standings=standings(subscriber=person, at=at),
        moments=_in_order(entries, texts),
        notices=_notices(person),
    )


def _in_order(entries: list[Moment], texts: list[Moment]) -> list[Moment]:
    """Entries as they stand in the log, whatever the clock said; texts before what came later."""
    waiting = sorted(texts, key=lambda text: text.at, reverse=True)
    told: list[Moment] = []
    for entry in sorted(entries, key=lambda each: (each.place is None, each.place or 0, each.at)):
        while waiting and waiting[-1].at < entry.at:
            told.append(waiting.pop())
        told.append(entry)
    return [*told, *reversed(waiting)]


@dataclass(frozen=True)
class _Reader:
    key: bytes | None = field(repr=False)
    places: Mapping[Any, int]

    def sent(self, text: Message) -> str:
        if self.key is None or text.text_ciphertext is None:
            return ""
        return open_text(text.text_ciphertext, key=self.key, receipt_token=text.receipt_token)

    def received(self, text: InboundMessage) -> str:
        return words_of(text, key=self.key)

    def evidence(self, event: ConsentEvent) -> dict[str, object]:
        kept = getattr(event, "evidence", None)
        if self.key is None or kept is None:
            return {}
        return open_evidence(event, kept.ciphertext, key=self.key).body


def _places(person: Subscriber) -> dict[Any, int]:
    leaves = LedgerLeaf.objects.filter(event__subject=person)
    return dict(leaves.values_list("event_id", "position"))


def _notices(person: Subscriber) -> list[NoticeVersion]:
    named = person.events.exclude(notice_version=None).values("notice_version")
    versions = NoticeVersion.objects.filter(pk__in=named).select_related("notice")
    return list(versions.order_by("notice__name", "language", "number"))


def _entries(person: Subscriber, reader: _Reader) -> Iterator[Moment]:
    events = person.events.select_related("purpose", "form", "notice_version__notice", "evidence")
    for event in events.order_by("occurred_at", "pk"):
        proof = reader.evidence(event)
        yield Moment(
            at=event.occurred_at,
            what=event.get_kind_display(),
            about=event.purpose.name if event.purpose else "",
            words=str(proof.pop("reply", "")),
            shown=str(proof.pop("shown_text", "")),
            facts=[*_columns(event), *in_words(proof, for_the_person=False).items()],
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


def _sent(person: Subscriber, reader: _Reader) -> Iterator[Moment]:
    texts = Message.objects.filter(subscriber=person).select_related("campaign", "purpose")
    for text in texts.order_by("pk"):
        yield Moment(
            at=text.permitted_at or text.settled_at or text.queued_at,
            what=_("text to the person: %(state)s") % {"state": text.get_state_display()},
            about=text.campaign.name if text.campaign else str(text.get_kind_display()),
            words=reader.sent(text),
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
            words=reader.received(text),
            facts=[(_("Number of the text at the provider"), text.provider_message_id)],
        )


def message_lines(person: Subscriber) -> Iterator[Line]:
    """Every text to the person, for a machine, with the consent that it relied on."""
    key = SubjectKey.objects.filter(subscriber=person).first()
    reader = _Reader(key.key if key else None, {})
    texts = Message.objects.filter(subscriber=person).select_related("campaign", "purpose")
    for text in texts.order_by("pk"):
        yield {
            "id": text.pk,
            "kind": str(text.kind),
            "state": str(text.state),
            "campaign": text.campaign.name if text.campaign else None,
            "purpose": text.purpose.code if text.purpose else None,
            "consent": str(text.consent_event_id) if text.consent_event_id else None,
            "queued_at": moment(text.queued_at),
            "permitted_at": moment(text.permitted_at),
            "rules_not_met": [each["code"] for each in text.objections],
            "text": reader.sent(text) or None,
        }
