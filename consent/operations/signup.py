"""Asking: a signup leads to one confirmation text, at most."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import caps
from consent.circumstances import Circumstances, Reply, address_block
from consent.codes import CODE_MINUTES, code_hash, make_link, new_code
from consent.guardians import guardian_allows
from consent.ledger import Entry, record
from consent.models import (
    ActorKind,
    Confirmation,
    ConfirmationKind,
    ConfirmationPurpose,
    ConsentEvent,
    EventKind,
    NoticePurpose,
    NoticeVersion,
    SignupForm,
)
from consent.models.confirmations import LinkScope, Outcome
from consent.suppression import number_is_suppressed
from consent.texts import TextKind, queue_words, render_text
from subscribers.identifiers import link_token
from subscribers.models import Subscriber
from subscribers.operations import lock_number, lock_subscriber, remember_subscriber

CONFIRMATION_MINUTES = CODE_MINUTES
# YES may come later than the code is good: reading a text can wait until tomorrow.
REPLY_WITHIN = timedelta(hours=48)
DAY = timedelta(days=1)


class UnableToRequest(Exception):
    """The form lets in people who are younger than a purpose is for."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One person's wish to be texted, as they expressed it."""

    form: SignupForm
    version: NoticeVersion
    purposes: Collection[NoticePurpose]
    language: str
    method: str
    attributes: dict[str, object] = field(default_factory=dict)
    age_asserted: str = ""
    circumstances: Circumstances = field(default_factory=Circumstances)
    # Of a request that came as a text: the text.
    proof: dict[str, object] = field(default_factory=dict)


def request_consent(
    *,
    form: SignupForm,
    version: NoticeVersion,
    e164: str,
    purposes: Collection[NoticePurpose],
    language: str,
    attributes: dict[str, object],
    age_asserted: str,
    circumstances: Circumstances,
    at: datetime,
) -> str:
    """Queue a confirmation text if we may, and return the token of the confirm page.

    The answer is the same whatever happened: a stranger learns nothing about a number.
    Raises `UnableToRequest` where the form may not ask this at all.
    """
    if form.minimum_age < max((each.purpose.minimum_age for each in purposes), default=0):
        raise UnableToRequest
    request = Request(
        form=form, version=version, purposes=purposes, language=language, method="page",
        attributes=attributes, age_asserted=age_asserted, circumstances=circumstances,
    )  # fmt: skip
    block = address_block(circumstances.client_address)
    if not caps.take(caps.signup_caps(block=block, form_slug=form.slug), at=at):
        return link_token()
    return _ask_number(request, e164, at) or link_token()


@transaction.atomic
def _ask_number(request: Request, e164: str, at: datetime) -> str:
    """The page token, or "" where this number must be left alone."""
    lock_number(e164)
    if number_is_suppressed(e164):
        return ""
    subscriber = remember_subscriber(e164=e164, language=request.language, at=at)
    lock_subscriber(subscriber)
    if subscriber.is_under_age(at):
        # Whatever was ticked: their guardian is asked, or nobody.
        return ""
    if may_ask_again(subscriber, at):
        ask(request, subscriber, at)
    return _page_token(subscriber, at)


def may_ask_again(subscriber: Subscriber, at: datetime, *, asked_by_text: bool = False) -> bool:
    """The caps of one number: a cooldown, unless the number itself asked, and a daily count."""
    lately = subscriber.confirmations.filter(requested_at__gt=at - DAY)
    if lately.count() >= settings.CONFIRMATIONS_PER_NUMBER_PER_DAY:
        return False
    cooldown = timedelta(seconds=settings.CONFIRMATION_COOLDOWN_SECONDS)
    return asked_by_text or not lately.filter(requested_at__gt=at - cooldown).exists()


def ask(request: Request, subscriber: Subscriber, at: datetime) -> Confirmation:
    """Supersede what was open, record the request, queue the text. The caller holds the lock."""
    close_open(subscriber, Outcome.SUPERSEDED, at)
    code = new_code()
    body = render_text(
        TextKind.CONFIRMATION,
        language=request.language,
        code=code,
        promises=promises_in_words(request.purposes, request.language),
    )
    about: dict[str, object] = {"confirmation_text": body}
    events = [record_request(request, each, subscriber, about, at) for each in request.purposes]
    confirmation = _open_confirmation(request, subscriber, code, events, at)
    queue_words(
        TextKind.CONFIRMATION,
        body,
        subscriber=subscriber,
        language=request.language,
        at=at,
        confirmation_id=confirmation.pk,
    )
    return confirmation


def close_open(subscriber: Subscriber, outcome: Outcome, at: datetime) -> None:
    subscriber.confirmations.filter(outcome=Outcome.OPEN).update(outcome=outcome, answered_at=at)


def promises_in_words(purposes: Collection[NoticePurpose], language: str) -> str:
    """ "Opening hours and events (up to 4 texts in 30 days)", joined."""
    with override(language):
        words = _("%(purpose)s (up to %(texts)d texts in %(days)d days)")
    return "; ".join(
        words % {"purpose": p.purpose.name, "texts": p.promised_texts, "days": p.promised_days}
        for p in purposes
    )


def record_request(
    request: Request,
    promise: NoticePurpose,
    subscriber: Subscriber,
    about: dict[str, object],
    at: datetime,
) -> ConsentEvent:
    """Write down the wish for one purpose; `about` is what we did about it, such as a text."""
    evidence = {
        **request.circumstances.as_evidence(),
        **request.proof,
        "method": request.method,
        "language": request.language,
        "statement": promise.statement,
        "attributes": request.attributes,
        "age_asserted": request.age_asserted,
        **about,
    }
    entry = Entry(
        kind=EventKind.REQUESTED,
        subscriber=subscriber,
        actor_kind=ActorKind.SUBSCRIBER,
        purpose=promise.purpose,
        notice_purpose=promise,
        form=request.form,
        evidence=evidence,
    )
    return record(entry, at=at)


def _open_confirmation(
    request: Request,
    subscriber: Subscriber,
    code: str,
    events: list[ConsentEvent],
    at: datetime,
) -> Confirmation:
    confirmation = Confirmation.objects.create(
        subscriber=subscriber,
        form=request.form,
        notice_version=request.version,
        language=request.language,
        code_hash=code_hash(code, subscriber=subscriber),
        requested_at=at,
        expires_at=at + REPLY_WITHIN,
    )
    ConfirmationPurpose.objects.bulk_create(
        ConfirmationPurpose(
            confirmation=confirmation, notice_purpose=promise, requested_event=event
        )
        for promise, event in zip(request.purposes, events, strict=True)
    )
    return confirmation


def _page_token(subscriber: Subscriber, at: datetime) -> str:
    good_for = timedelta(minutes=CONFIRMATION_MINUTES)
    return make_link(LinkScope.CONFIRM, subscriber=subscriber, at=at, good_for=good_for)


def ask_after_start(subscriber: Subscriber, *, reply: Reply, at: datetime) -> None:
    """START from a number that had said stop: ask anew for what it was last asked for.

    The double opt-in runs in full: START alone permits nothing.
    """
    own = subscriber.confirmations.exclude(kind=ConfirmationKind.GUARDIAN)
    last = own.order_by("-requested_at", "-pk").first()
    if last is None or last.form.published_at is None or not guardian_allows(last, at):
        return
    promises = [
        line.notice_purpose
        for line in last.purposes.select_related(
            "notice_purpose__purpose", "notice_purpose__notice_version"
        )
    ]
    within = caps.start_caps(form_slug=last.form.slug)
    if may_ask_again(subscriber, at, asked_by_text=True) and caps.take(within, at=at):
        request = Request(
            form=last.form, version=last.notice_version, purposes=promises, method="text",
            language=last.language, proof=reply.as_evidence(at),
        )  # fmt: skip
        confirmation = ask(request, subscriber, at)
        Confirmation.objects.filter(pk=confirmation.pk).update(guardianship=last.guardianship)
