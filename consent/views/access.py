"""How a person gets to their own page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from consent.codes import CODE_MINUTES, TRIES
from consent.forms import CodeFromPhone, OwnNumber
from consent.operations.access import (
    UnableToOpen,
    open_with_code,
    open_with_link,
    send_access_code,
)
from consent.personal_page import NEXT, forget_next, open_page
from consent.redirects import SeeOther
from consent.views.own import NEEDS_CODE
from consent.visitors import client_address
from subscribers.models import Subscriber


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_code(request: HttpRequest) -> HttpResponse:
    """A number is typed; a code goes to it if we know it, and nobody learns whether we do."""
    form = OwnNumber(request.POST if request.method == "POST" else None)
    if form.is_valid():
        token = send_access_code(
            e164=form.cleaned_data["number"].as_e164,
            client_address=client_address(request),
            at=timezone.now(),
        )
        return SeeOther(reverse("consent:preferences_code", args=[token]))
    status = 422 if form.errors else 200
    return render(request, "consent/preferences.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: HttpRequest, token: str) -> HttpResponse:
    """Where the code is typed; alike for every token there could be."""
    form = CodeFromPhone(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            subscriber = open_with_code(
                token=token, code=form.cleaned_data["code"], at=timezone.now()
            )
        except UnableToOpen:
            form.add_error("code", form.refusal())
        else:
            return _opened(request, subscriber, by_code=True)
    context = {"form": form, "minutes": CODE_MINUTES, "tries": TRIES}
    status = 422 if form.errors else 200
    return render(request, "consent/preferences_code.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link in a text. It opens on a tap, not on a look: phones preview links by themselves."""
    if request.method != "POST":
        return render(request, "consent/open_link.html")
    try:
        subscriber = open_with_link(token=token, at=timezone.now())
    except UnableToOpen:
        return render(request, "consent/link_over.html", status=410)
    return _opened(request, subscriber, by_code=False)


def _opened(request: HttpRequest, subscriber: Subscriber, *, by_code: bool) -> HttpResponse:
    open_page(request, subscriber, by_code=by_code, at=timezone.now())
    wanted = request.COOKIES.get(NEXT, "") if by_code else ""
    answer = SeeOther(reverse(f"consent:{wanted if wanted in NEEDS_CODE else 'choices'}"))
    if by_code:
        forget_next(answer)
    return answer
