"""One polite question, once for a yes: does it still stand?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import translation
from django.utils.formats import date_format

from consent.ledger import Entry, record
from consent.models import (
    ActorKind,
    Confirmation,
    ConfirmationKind,
    ConfirmationPurpose,
    Consent,
    ConsentEvent,
    EventKind,
    NoticePurpose,
    SignupForm,
)
from consent.models.confirmations import Outcome
from consent.operations.signup import promises_in_words
from consent.suppression import is_suppressed
from consent.texts import TextKind, queue_words, render_text
from subscribers.models import Subscriber


@dataclass(frozen=True)
class Ending:
    """A yes that ends, as it was given: these words stay the ones that are asked about."""

    event: ConsentEvent
    promise: NoticePurpose
    form: SignupForm
    ends_at: datetime


def ending(consent: Consent, ends_at: datetime) -> Ending | None:
    """None for a yes that was asked about before, or names no form and notice of ours."""
    event = consent.confirming_event
    if event is None or event.form is None or was_asked_about(event.pk):
        return None
    promises = NoticePurpose.objects.select_related("purpose", "notice_version")
    promise = promises.filter(notice_version=event.notice_version_id, purpose=consent.purpose_id)
    found = promise.first()
    return Ending(event, found, event.form, ends_at) if found else None


def was_asked_about(event_id: UUID | None) -> bool:
    return ConfirmationPurpose.objects.filter(renews=event_id, renews__isnull=False).exists()


def may_be_asked(subscriber: Subscriber) -> bool:
    """They can be texted, and no other question waits for their answer."""
    out_of_reach = (subscriber.erased_at, subscriber.restricted_at, subscriber.number_gone_at)
    if any(out_of_reach) or is_suppressed(subscriber):
        return False
    held = subscriber.holds.filter(released_at=None).exists()
    return not held and not subscriber.confirmations.filter(outcome=Outcome.OPEN).exists()


def ask_again(
    subscriber: Subscriber, endings: Sequence[Ending], *, of_age: bool = False, at: datetime
) -> None:
    """Queue the question about these. The caller holds the lock and saw that it may be asked.

    `of_age`: these have ended, since the person now decides without a guardian.
    """
    body = _words(subscriber, endings, of_age)
    confirmation = _open(subscriber, endings, at)
    for each in endings:
        ConfirmationPurpose.objects.create(
            confirmation=confirmation,
            notice_purpose=each.promise,
            requested_event=_record(subscriber, each, body, at),
            renews=each.event,
        )
    queue_words(
        TextKind.RECONFIRMATION,
        body,
        subscriber=subscriber,
        language=subscriber.language,
        at=at,
        confirmation_id=confirmation.pk,
    )


def _first_end(endings: Iterable[Ending]) -> datetime:
    return min(each.ends_at for each in endings)


def _words(subscriber: Subscriber, endings: Sequence[Ending], of_age: bool) -> str:
    with translation.override(subscriber.language):
        day = date_format(_first_end(endings), "DATE_FORMAT")
    return render_text(
        TextKind.RECONFIRMATION,
        language=subscriber.language,
        promises=promises_in_words([each.promise for each in endings], subscriber.language),
        day=day,
        of_age=of_age,
    )


def _open(subscriber: Subscriber, endings: Sequence[Ending], at: datetime) -> Confirmation:
    first = endings[0]
    return Confirmation.objects.create(
        kind=ConfirmationKind.RECONFIRM,
        subscriber=subscriber,
        form=first.form,
        notice_version=first.promise.notice_version,
        language=subscriber.language,
        code_hash=b"",
        requested_at=at,
        expires_at=_first_end(endings),
    )


def _record(subscriber: Subscriber, asked: Ending, body: str, at: datetime) -> ConsentEvent:
    entry = Entry(
        kind=EventKind.REQUESTED,
        subscriber=subscriber,
        actor_kind=ActorKind.SYSTEM,
        purpose=asked.promise.purpose,
        notice_purpose=asked.promise,
        form=asked.form,
        evidence={
            "method": "asked whether the yes still stands",
            "language": subscriber.language,
            "statement": asked.promise.statement,
            "confirmation_text": body,
            "renews": str(asked.event.pk),
        },
    )
    return record(entry, at=at)
