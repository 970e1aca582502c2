"""How a person opens their own page: a code sent to the number, or the link in a text."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from consent import caps
from consent.circumstances import address_block
from consent.codes import CODE_MINUTES, TRIES, code_hash, find_link, fits, make_link, new_code
from consent.models import AccessCode
from consent.models.confirmations import LinkScope
from consent.suppression import number_is_suppressed
from consent.texts import TextKind, queue_text
from subscribers.identifiers import link_token
from subscribers.models import Subscriber
from subscribers.operations import lock_number, lock_subscriber

GOOD_FOR = timedelta(minutes=CODE_MINUTES)
DAY = timedelta(days=1)


class UnableToOpen(Exception):
    """The code or link is wrong, used, too old or revoked: never said which."""


def send_access_code(*, e164: str, client_address: str, at: datetime) -> str:
    """Queue a code if we may, and return the token of the page that asks for it.

    The same for numbers we know and numbers we do not.
    """
    if not caps.take(caps.access_caps(block=address_block(client_address)), at=at):
        return link_token()
    return _send_code(e164, at) or link_token()


@transaction.atomic
def _send_code(e164: str, at: datetime) -> str:
    lock_number(e164)
    subscriber = Subscriber.objects.with_number(e164).first()
    if subscriber is None or number_is_suppressed(e164):
        return ""
    lock_subscriber(subscriber)
    if _may_send_again(subscriber, at):
        _make_code(subscriber, at)
    return make_link(LinkScope.ACCESS, subscriber=subscriber, at=at, good_for=GOOD_FOR)


def _may_send_again(subscriber: Subscriber, at: datetime) -> bool:
    lately = AccessCode.objects.filter(subscriber=subscriber, sent_at__gt=at - DAY)
    cooldown = timedelta(seconds=settings.CONFIRMATION_COOLDOWN_SECONDS)
    if lately.filter(sent_at__gt=at - cooldown).exists():
        return False
    return lately.count() < int(settings.CONFIRMATIONS_PER_NUMBER_PER_DAY)


def _make_code(subscriber: Subscriber, at: datetime) -> None:
    code = new_code()
    AccessCode.objects.create(
        subscriber=subscriber,
        code_hash=code_hash(code, subscriber=subscriber),
        sent_at=at,
        expires_at=at + GOOD_FOR,
    )
    queue_text(
        TextKind.ACCESS_CODE,
        subscriber=subscriber,
        language=subscriber.language,
        at=at,
        code=code,
        minutes=CODE_MINUTES,
    )


def open_with_code(*, token: str, code: str, at: datetime) -> Subscriber:
    """The person whose newest code this is; raises `UnableToOpen`."""
    subscriber = _try_code(token, code, at)
    if subscriber is None:
        raise UnableToOpen
    return subscriber


@transaction.atomic
def _try_code(token: str, code: str, at: datetime) -> Subscriber | None:
    # A wrong try is counted in this transaction, so it must end without an error.
    link = find_link(LinkScope.ACCESS, token, at=at)
    if link is None:
        return None
    lock_subscriber(link.subscriber)
    newest = (
        AccessCode.objects.filter(subscriber=link.subscriber, used_at=None, expires_at__gt=at)
        .order_by("-sent_at", "-pk")
        .first()
    )
    if newest is None or newest.wrong_codes >= TRIES:
        return None
    return link.subscriber if _use(newest, code, link.subscriber, at) else None


def _use(newest: AccessCode, code: str, subscriber: Subscriber, at: datetime) -> bool:
    this = AccessCode.objects.filter(pk=newest.pk)
    if fits(code, newest.code_hash, subscriber=subscriber):
        this.update(used_at=at)
        return True
    this.update(wrong_codes=F("wrong_codes") + 1)
    return False


def open_with_link(*, token: str, at: datetime) -> Subscriber:
    """The person whose page this link opens; raises `UnableToOpen`."""
    link = find_link(LinkScope.PREFERENCES, token, at=at)
    if link is None:
        raise UnableToOpen
    return link.subscriber


def revoke_links(*, subscriber: Subscriber, at: datetime) -> int:
    """Make every link to this person's page useless, wherever it was forwarded to."""
    return subscriber.links.filter(revoked_at=None).update(revoked_at=at)
