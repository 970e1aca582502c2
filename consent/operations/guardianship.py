"""A young person asks to be texted: their guardian answers first, then they do.

The guardian gets one question. Whatever they answer, and if they do not, nothing else follows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from consent import caps
from consent.circumstances import Reply, address_block
from consent.ledger import Entry, record
from consent.models import (
    ActorKind,
    Confirmation,
    ConfirmationKind,
    ConfirmationPurpose,
    ConsentEvent,
    EventKind,
    Guardianship,
    GuardianshipEnd,
    NoticePurpose,
    Standing,
)
from consent.models.confirmations import Outcome
from consent.operations.guardianship_ends import close, end_guardianship
from consent.operations.signup import (
    REPLY_WITHIN,
    Request,
    close_open,
    may_ask_again,
    promises_in_words,
    record_request,
)
from consent.suppression import is_suppressed, number_is_suppressed
from consent.texts import TextKind, queue_words, render_text
from subscribers import numbers
from subscribers.models import Subscriber
from subscribers.operations import lock_digests, lock_subscriber, remember_subscriber

DAY = timedelta(days=1)


class UnableToAskGuardian(ValueError):
    """The form does not take people under age."""


@dataclass(frozen=True, kw_only=True)
class Household:
    """The two numbers of a wish, and until when the young person is under age."""

    e164: str
    guardian_e164: str
    under_age_until: date


def ask_guardian(*, request: Request, household: Household, at: datetime) -> None:
    """Queue the question to the guardian if we may. Nobody learns what happened.

    Nothing goes to the young person before their guardian said yes. Raises
    `UnableToAskGuardian`; the caller has seen to it that nobody is too young even for that.
    """
    if not request.form.takes_minors:
        raise UnableToAskGuardian
    block = address_block(request.circumstances.client_address)
    if caps.take(caps.signup_caps(block=block, form_slug=request.form.slug), at=at):
        _ask_guardian(request, household, at)


@transaction.atomic
def _ask_guardian(request: Request, household: Household, at: datetime) -> None:
    numbers_named = (household.e164, household.guardian_e164)
    lock_digests({digest for e164 in numbers_named for digest in numbers.digests(e164)})
    if household.e164 == household.guardian_e164 or any(map(number_is_suppressed, numbers_named)):
        return
    ward, holder = (
        remember_subscriber(e164=e164, language=request.language, at=at) for e164 in numbers_named
    )
    # A guardian's lock always comes first.
    lock_subscriber(holder)
    lock_subscriber(ward)
    if _may_ask(ward, holder, at):
        _open(request, household, ward, holder, at)


def _may_ask(ward: Subscriber, holder: Subscriber, at: datetime) -> bool:
    """The caps of both numbers; and neither is known to be of another age than said."""
    limit = int(settings.CONFIRMATIONS_PER_NUMBER_PER_DAY)
    cooldown = timedelta(seconds=settings.CONFIRMATION_COOLDOWN_SECONDS)
    lately = ward.guardianships.filter(requested_at__gt=at - DAY)
    if lately.count() >= limit or lately.filter(requested_at__gt=at - cooldown).exists():
        return False
    return may_ask_again(holder, at) and not holder.is_under_age(at) and _may_be_ward(ward, at)


def _may_be_ward(person: Subscriber, at: datetime) -> bool:
    """Nobody who agreed by themselves is made a child by what a stranger types."""
    if person.is_under_age(at):
        return True
    return not person.consents.filter(status=Standing.CONFIRMED).exists()


def _open(
    request: Request, household: Household, ward: Subscriber, holder: Subscriber, at: datetime
) -> None:
    for earlier in ward.guardianships.filter(agreed_at=None, ended_at=None):
        close(earlier, GuardianshipEnd.ASKED_ANEW, at)
    close_open(holder, Outcome.SUPERSEDED, at)
    guardianship = _remember(request, household, ward, holder, at)
    body = _question(request, ward)
    about: dict[str, object] = {
        "guardian": str(guardianship.reference),
        "guardian_text": body,
        "under_age_until": household.under_age_until.isoformat(),
    }
    events = [record_request(request, each, ward, about, at) for each in request.purposes]
    confirmation = _confirmation(guardianship, holder, ConfirmationKind.GUARDIAN, request, at)
    add_lines(confirmation, request.purposes, events)
    _queue(TextKind.GUARDIAN, body, confirmation, at)


def _remember(
    request: Request, household: Household, ward: Subscriber, holder: Subscriber, at: datetime
) -> Guardianship:
    guardianship = Guardianship.objects.create(
        subscriber=ward,
        holder=holder,
        form=request.form,
        notice_version=request.version,
        band_ends_date=household.under_age_until,
        requested_at=at,
        expires_at=at + REPLY_WITHIN,
    )
    guardianship.purposes.set(each.purpose_id for each in request.purposes)
    return guardianship


def _question(request: Request, ward: Subscriber) -> str:
    return render_text(
        TextKind.GUARDIAN,
        language=request.language,
        ending=ward.phone_number[-2:],
        promises=promises_in_words(request.purposes, request.language),
    )


def _confirmation(
    guardianship: Guardianship,
    asked: Subscriber,
    kind: ConfirmationKind,
    words: Request | Confirmation,
    at: datetime,
) -> Confirmation:
    """Answered by reply only: the phone itself is what proves whose answer it is."""
    return Confirmation.objects.create(
        kind=kind,
        subscriber=asked,
        guardianship=guardianship,
        form=guardianship.form,
        notice_version=guardianship.notice_version,
        language=words.language,
        code_hash=b"",
        requested_at=at,
        expires_at=at + REPLY_WITHIN,
    )


def add_lines(
    confirmation: Confirmation, promises: Collection[NoticePurpose], events: Sequence[ConsentEvent]
) -> None:
    ConfirmationPurpose.objects.bulk_create(
        ConfirmationPurpose(
            confirmation=confirmation, notice_purpose=promise, requested_event=event
        )
        for promise, event in zip(promises, events, strict=True)
    )


def _queue(kind: TextKind, body: str, confirmation: Confirmation, at: datetime) -> None:
    queue_words(
        kind,
        body,
        subscriber=confirmation.subscriber,
        language=confirmation.language,
        at=at,
        confirmation_id=confirmation.pk,
    )


def agree(question: Confirmation, *, reply: Reply, at: datetime) -> None:
    """The guardian said YES: on record for each purpose, and the young person is asked.

    The caller holds the guardian's lock and closes the question.
    """
    guardianship = question.guardianship
    assert guardianship is not None  # noqa: S101 (the database refuses one without)
    ward = guardianship.subscriber
    lock_subscriber(ward)
    guardianship.refresh_from_db()
    ward.refresh_from_db()
    if guardianship.ended_at is not None or ward.erased_at is not None or is_suppressed(ward):
        return
    lines = list(
        question.purposes.select_related(
            "notice_purpose__purpose", "notice_purpose__notice_version", "requested_event"
        ).order_by("pk")
    )
    for line in lines:
        _record_yes(guardianship, line, reply, at)
    guardianship.agreed_at = at
    guardianship.save(update_fields=["agreed_at"])
    _ask_ward(guardianship, question, lines, at)


def _record_yes(
    guardianship: Guardianship, line: ConfirmationPurpose, reply: Reply, at: datetime
) -> None:
    entry = Entry(
        kind=EventKind.GUARDIAN_CONFIRMED,
        subscriber=guardianship.subscriber,
        actor_kind=ActorKind.GUARDIAN,
        purpose=line.notice_purpose.purpose,
        notice_purpose=line.notice_purpose,
        form=guardianship.form,
        evidence={
            "method": "reply by text",
            **reply.as_evidence(at),
            "guardian": str(guardianship.reference),
            "statement": line.notice_purpose.statement,
            "request": str(line.requested_event_id),
            "requested_at": guardianship.requested_at.isoformat(),
        },
    )
    record(entry, at=at)


def _ask_ward(
    guardianship: Guardianship,
    question: Confirmation,
    lines: Sequence[ConfirmationPurpose],
    at: datetime,
) -> None:
    ward, kind = guardianship.subscriber, ConfirmationKind.REQUEST
    close_open(ward, Outcome.SUPERSEDED, at)
    promises = [line.notice_purpose for line in lines]
    body = render_text(
        TextKind.CONFIRMATION,
        language=question.language,
        code="",
        promises=promises_in_words(promises, question.language),
    )
    confirmation = _confirmation(guardianship, ward, kind, question, at)
    add_lines(confirmation, promises, [line.requested_event for line in lines])
    _queue(TextKind.CONFIRMATION, body, confirmation, at)


def refuse(question: Confirmation, *, reply: Reply, at: datetime) -> None:
    """The guardian said NO: nobody gets anything more about it."""
    assert question.guardianship is not None  # noqa: S101 (the database refuses one without)
    proof = {"method": "reply by text", **reply.as_evidence(at)}
    end_guardianship(question.guardianship, because=GuardianshipEnd.DECLINED, proof=proof, at=at)
