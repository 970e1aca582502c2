"""Who may see a page of the person's own."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Concatenate

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from consent.personal_page import OpenPage, open_page_of, remember_next
from consent.redirects import SeeOther
from subscribers.encryption import UnableToDecrypt
from subscribers.models import Subscriber

log = logging.getLogger(__name__)
PersonalView = Callable[Concatenate[HttpRequest, Subscriber, ...], HttpResponse]
# Pages that a forwarded link must not reach; each is also the name of its address.
NEEDS_CODE = ("erase", "copy", "copy_as_json", "new_number", "number_code")


def for_the_person(view: PersonalView) -> Callable[..., HttpResponse]:
    """Call the view with whoever's page is open; else lead to the way of opening it."""

    @functools.wraps(view)
    def opened(request: HttpRequest, **address: Any) -> HttpResponse:
        page = open_page_of(request, at=timezone.now())
        if page is None:
            return SeeOther(reverse("consent:preferences"))
        return _answer(view, request, page.subscriber, address)

    return opened


def for_whoever_holds_the_phone(view: PersonalView) -> Callable[..., HttpResponse]:
    """As `for_the_person`, where a code sent to the number opened the page."""

    @functools.wraps(view)
    def opened(request: HttpRequest, **address: Any) -> HttpResponse:
        page = open_page_of(request, at=timezone.now())
        if page is not None and page.by_code:
            return _answer(view, request, page.subscriber, address)
        return _ask_for_code(request, page)

    return opened


def _ask_for_code(request: HttpRequest, page: OpenPage | None) -> HttpResponse:
    answer = SeeOther(reverse("consent:prove" if page else "consent:preferences"))
    wanted = request.resolver_match and request.resolver_match.url_name
    remember_next(answer, wanted or "")
    return answer


def _answer(
    view: PersonalView, request: HttpRequest, subscriber: Subscriber, address: dict[str, Any]
) -> HttpResponse:
    try:
        return view(request, subscriber, **address)
    except UnableToDecrypt as error:
        log.error("a person's page cannot be shown: %s", error)
        return render(request, "consent/locked.html", status=503)
