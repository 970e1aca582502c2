"""Answering: YES or the code confirms, NO declines, from the phone itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from consent.circumstances import Circumstances, Reply
from consent.codes import (
    CODE_MINUTES,
    PREFERENCE_LINK_DAYS,
    TRIES,
    find_link,
    fits,
    make_link,
)
from consent.guardians import guardian_allows
from consent.ledger import Entry, evidence, record
from consent.links import page_address
from consent.models import (
    ActorKind,
    Confirmation,
    ConfirmationKind,
    ConfirmationPurpose,
    Consent,
    EventKind,
    SignupForm,
    Standing,
)
from consent.models.confirmations import LinkScope, Outcome
from consent.operations.ageing import note_act
from consent.operations.guardianship import agree, refuse
from consent.operations.signup import promises_in_words
from consent.texts import TextKind, queue_text
from subscribers.models import AgeBand, Subscriber
from subscribers.operations import (
    InvalidAttributes,
    add_to_list,
    lock_subscriber,
    note_of_age,
    note_under_age,
    set_attributes,
)

NOTHING_KNOWN = Circumstances()
KIND_OF_NO: dict[str, EventKind] = {
    ConfirmationKind.REQUEST: EventKind.DECLINED,
    ConfirmationKind.RECONFIRM: EventKind.WITHDRAWN,
}


class UnableToConfirm(Exception):
    """The code is wrong, was used, is too old, or was tried too often: never said which."""


def confirm_with_code(
    *, token: str, code: str, circumstances: Circumstances = NOTHING_KNOWN, at: datetime
) -> SignupForm:
    """Confirm the open request behind a page token; raises `UnableToConfirm`."""
    form = _try_code(token, code, circumstances, at)
    if form is None:
        raise UnableToConfirm
    return form


@transaction.atomic
def _try_code(
    token: str, code: str, circumstances: Circumstances, at: datetime
) -> SignupForm | None:
    # A wrong try is counted in this transaction, so it must end without an error.
    link = find_link(LinkScope.CONFIRM, token, at=at)
    if link is None:
        return None
    lock_subscriber(link.subscriber)
    confirmation = answerable(link.subscriber, at)
    if confirmation is None or not _code_is_right(confirmation, code, at):
        return None
    if not guardian_allows(confirmation, at):
        return None
    proof = {**circumstances.as_evidence(), "method": "code typed on the page"}
    _confirm(confirmation, proof, at)
    return confirmation.form


def answerable(subscriber: Subscriber, at: datetime) -> Confirmation | None:
    """The request whose text the person has before them. The caller holds their lock.

    That is the newest whose text left: if somebody asked again and that text is
    still waiting, an answer can only mean the one before.
    """
    return (
        subscriber.confirmations.filter(
            outcome__in=[Outcome.OPEN, Outcome.SUPERSEDED],
            text_left_at__isnull=False,
            expires_at__gt=at,
        )
        .select_related("form__subscriber_list", "subscriber__subject_key", "guardianship")
        .order_by("-text_left_at", "-pk")
        .first()
    )


def note_texts_left(*, confirmation_ids: Collection[int], at: datetime | None) -> None:
    """Their texts were let go at `at`; None: they did not leave after all."""
    Confirmation.objects.filter(pk__in=confirmation_ids).update(text_left_at=at)


def _code_is_right(confirmation: Confirmation, code: str, at: datetime) -> bool:
    too_old = at >= confirmation.requested_at + timedelta(minutes=CODE_MINUTES)
    if too_old or confirmation.wrong_codes >= TRIES:
        return False
    if fits(code, confirmation.code_hash, subscriber=confirmation.subscriber):
        return True
    Confirmation.objects.filter(pk=confirmation.pk).update(wrong_codes=F("wrong_codes") + 1)
    return False


@transaction.atomic
def confirm_by_reply(*, subscriber: Subscriber, reply: Reply, at: datetime) -> bool:
    """YES from the number: confirms exactly what the last confirmation text named."""
    lock_subscriber(subscriber)
    confirmation = answerable(subscriber, at)
    if confirmation is None:
        return False
    if confirmation.kind == ConfirmationKind.GUARDIAN:
        agree(confirmation, reply=reply, at=at)
        _close(confirmation, Outcome.CONFIRMED, at)
    elif guardian_allows(confirmation, at):
        _confirm(confirmation, _reply_evidence(reply, at), at)
    return True


@transaction.atomic
def decline_by_reply(*, subscriber: Subscriber, reply: Reply, at: datetime) -> bool:
    """NO from the number: the request is closed and nothing more is sent about it.

    To the question whether a yes still stands, NO takes it back.
    """
    lock_subscriber(subscriber)
    confirmation = answerable(subscriber, at)
    if confirmation is None:
        return False
    if confirmation.kind == ConfirmationKind.GUARDIAN:
        refuse(confirmation, reply=reply, at=at)
        _close(confirmation, Outcome.DECLINED, at)
        return True
    for line in _lines(confirmation):
        proof = _reply_evidence(reply, at)
        record(_entry(KIND_OF_NO[confirmation.kind], confirmation, line, proof), at=at)
    _close(confirmation, Outcome.DECLINED, at)
    return True


def _reply_evidence(reply: Reply, at: datetime) -> dict[str, object]:
    return {"method": "reply by text", **reply.as_evidence(at)}


def _confirm(confirmation: Confirmation, proof: dict[str, object], at: datetime) -> None:
    note_act(subscriber=confirmation.subscriber, at=at)
    _note_age(confirmation, at)
    lines = _lines(confirmation)
    for line in lines:
        kind = _kind_of_yes(confirmation.subscriber, line)
        record(_entry(kind, confirmation, line, proof), at=at)
    _close(confirmation, Outcome.CONFIRMED, at)
    _keep_answers(confirmation, lines)
    if confirmation.kind == ConfirmationKind.REQUEST:
        add_to_list(
            subscriber=confirmation.subscriber,
            subscriber_list=confirmation.form.subscriber_list,
            at=at,
        )
    _welcome(confirmation, lines, at)


def _note_age(confirmation: Confirmation, at: datetime) -> None:
    """What was said of their age counts only now that their number has said yes."""
    person, guardianship = confirmation.subscriber, confirmation.guardianship
    if guardianship is not None and guardianship.band_ends_date is not None:
        note_under_age(subscriber=person, until=guardianship.band_ends_date)
    if person.age_band == AgeBand.MINOR and not person.is_under_age(at):
        note_of_age(subscriber=person)


def _lines(confirmation: Confirmation) -> list[ConfirmationPurpose]:
    return list(
        confirmation.purposes.select_related(
            "notice_purpose__purpose",
            "notice_purpose__notice_version",
            "requested_event__form",
        ).order_by("pk")
    )


def _kind_of_yes(subscriber: Subscriber, line: ConfirmationPurpose) -> EventKind:
    said_yes = Consent.objects.filter(
        subscriber=subscriber, purpose=line.notice_purpose.purpose, status=Standing.CONFIRMED
    ).exists()
    return EventKind.RECONFIRMED if said_yes else EventKind.CONFIRMED


def _entry(
    kind: EventKind,
    confirmation: Confirmation,
    line: ConfirmationPurpose,
    proof: dict[str, object],
) -> Entry:
    return Entry(
        kind=kind,
        subscriber=confirmation.subscriber,
        actor_kind=ActorKind.SUBSCRIBER,
        purpose=line.notice_purpose.purpose,
        notice_purpose=line.notice_purpose,
        form=line.requested_event.form,
        evidence={
            **proof,
            "language": confirmation.language,
            "statement": line.notice_purpose.statement,
            "request": str(line.requested_event_id),
            "requested_at": confirmation.requested_at.isoformat(),
            "guardian": _guardian(confirmation),
        },
    )


def _guardian(confirmation: Confirmation) -> str:
    return str(confirmation.guardianship.reference) if confirmation.guardianship else ""


def _close(confirmation: Confirmation, outcome: Outcome, at: datetime) -> None:
    confirmation.outcome, confirmation.answered_at = outcome, at
    confirmation.save(update_fields=["outcome", "answered_at"])
    # Nothing older can be answered once a newer text was.
    confirmation.subscriber.confirmations.filter(
        outcome=Outcome.SUPERSEDED, text_left_at__lte=confirmation.text_left_at
    ).update(outcome=Outcome.EXPIRED)
    confirmation.subscriber.links.filter(scope=LinkScope.CONFIRM, revoked_at=None).update(
        revoked_at=at
    )


def _keep_answers(confirmation: Confirmation, lines: list[ConfirmationPurpose]) -> None:
    """What was typed on the form counts only now that its number has said yes."""
    answers = evidence(lines[0].requested_event).get("attributes", {})
    if not isinstance(answers, dict) or not answers:
        return
    try:
        set_attributes(subscriber=confirmation.subscriber, values=answers)
    except InvalidAttributes as error:
        # An attribute was changed or removed meanwhile: consent does not hang on it.
        good = {code: value for code, value in answers.items() if code not in error.errors}
        set_attributes(subscriber=confirmation.subscriber, values=good)


def _welcome(confirmation: Confirmation, lines: list[ConfirmationPurpose], at: datetime) -> None:
    token = make_link(
        LinkScope.PREFERENCES,
        subscriber=confirmation.subscriber,
        at=at,
        good_for=timedelta(days=PREFERENCE_LINK_DAYS),
    )
    queue_text(
        TextKind.WELCOME,
        subscriber=confirmation.subscriber,
        language=confirmation.language,
        at=at,
        promises=promises_in_words([line.notice_purpose for line in lines], confirmation.language),
        link=page_address(token),
    )
