"""Six-digit codes and link tokens: made here, kept only as keyed hashes."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from consent.models import PageLink
from consent.models.confirmations import LinkScope
from subscribers import encryption
from subscribers.identifiers import link_token
from subscribers.models import Subscriber

CODE_MINUTES = 30
TRIES = 5
PREFERENCE_LINK_DAYS = 90


def new_code() -> str:
    """Six random digits (OWASP ASVS 5.0, 6.5.4)."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_hash(code: str, *, subscriber: Subscriber) -> bytes:
    """Bound to the person, so that a code opens nothing of anybody else's."""
    return _code_hashes(code, subscriber)[0]


def _code_hashes(code: str, subscriber: Subscriber) -> list[bytes]:
    """Under every digest key: a code on its way must open although the key changed."""
    return encryption.digests(f"{subscriber.subject_reference}|{code}", use="code")


def fits(code: str, stored_hash: bytes | memoryview, *, subscriber: Subscriber) -> bool:
    """Compare in constant time, ignoring the spaces that phones and people add."""
    digits = "".join(code.split())
    hashes = _code_hashes(digits, subscriber)
    return any(hmac.compare_digest(each, bytes(stored_hash)) for each in hashes)


def make_link(
    scope: LinkScope, *, subscriber: Subscriber, at: datetime, good_for: timedelta
) -> str:
    """A new address for one kind of page of one person; returns its token."""
    token = link_token()
    PageLink.objects.create(
        token_hash=_token_hashes(token, scope)[0],
        scope=scope,
        subscriber=subscriber,
        created_at=at,
        expires_at=at + good_for,
    )
    return token


def find_link(scope: LinkScope, token: str, *, at: datetime) -> PageLink | None:
    """The live link behind a token; none when unknown, expired or revoked."""
    return (
        PageLink.objects.filter(
            token_hash__in=_token_hashes(token, scope), expires_at__gt=at, revoked_at=None
        )
        .select_related("subscriber")
        .first()
    )


def _token_hashes(token: str, scope: LinkScope) -> list[bytes]:
    return encryption.digests(token, use=f"link {scope}")
