"""Whose page a browser has open, for half an hour.

The session holds a random token and nothing about the person; what it opens is
a `PageLink` like any other, and goes when the person is erased or moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from consent.codes import find_link, make_link
from consent.models import PageLink
from consent.models.confirmations import LinkScope
from consent.operations.ageing import note_act
from subscribers.models import Subscriber

OPEN_FOR = timedelta(minutes=30)
TOKEN = "own_page"  # noqa: S105 (the name of a place, not a token)
# Where the person was going when they were asked for a code. A cookie, since a look at a page
# must not write to the database; its value is a name of ours, and grants nothing.
NEXT = "__Host-next" if settings.SECURE_COOKIES else "next"


@dataclass(frozen=True)
class OpenPage:
    """`by_code`: a code sent to the number opened it just now. A link may have been forwarded."""

    subscriber: Subscriber
    by_code: bool


def open_page(request: HttpRequest, subscriber: Subscriber, *, by_code: bool, at: datetime) -> None:
    """A new session key, so that one planted in the browser beforehand opens nothing."""
    note_act(subscriber=subscriber, at=at)
    scope = LinkScope.OPEN_BY_CODE if by_code else LinkScope.OPEN_BY_LINK
    request.session.cycle_key()
    request.session[TOKEN] = make_link(scope, subscriber=subscriber, at=at, good_for=OPEN_FOR)


def open_page_of(request: HttpRequest, *, at: datetime) -> OpenPage | None:
    """The page that is open in this browser and not yet timed out."""
    link = _link(request, at)
    if link is None or link.subscriber.erased_at is not None:
        return None
    return OpenPage(link.subscriber, by_code=link.scope == LinkScope.OPEN_BY_CODE)


def close_page(request: HttpRequest, *, at: datetime) -> None:
    """Forget whose page it was; a member of staff stays signed in."""
    link = _link(request, at)
    if link is not None:
        link.delete()
    request.session.pop(TOKEN, None)
    if request.session.is_empty() or not request.session.keys():
        request.session.flush()
    else:
        request.session.cycle_key()


def remember_next(answer: HttpResponse, page: str) -> None:
    """Lead to `page`, the name of an address, once a code has opened the person's page."""
    answer.set_cookie(
        NEXT, page, max_age=OPEN_FOR, httponly=True, samesite="Lax",
        secure=settings.SECURE_COOKIES,
    )  # fmt: skip


def forget_next(answer: HttpResponse) -> None:
    answer.delete_cookie(NEXT, samesite="Lax")


def _link(request: HttpRequest, at: datetime) -> PageLink | None:
    token = request.session.get(TOKEN)
    if not isinstance(token, str):
        return None
    scopes = (LinkScope.OPEN_BY_CODE, LinkScope.OPEN_BY_LINK)
    return next(filter(None, (find_link(scope, token, at=at) for scope in scopes)), None)
