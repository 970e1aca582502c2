from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consent.circumstances import Circumstances
from consent.codes import TRIES
from consent.forms import CodeFromPhone
from consent.operations.answers import UnableToConfirm, confirm_with_code
from consent.operations.signup import CONFIRMATION_MINUTES, REPLY_WITHIN
from consent.redirects import SeeOther
from consent.shown_words import shown_words
from consent.visitors import circumstances

LIMITS = {
    "minutes": CONFIRMATION_MINUTES,
    "tries": TRIES,
    "reply_hours": int(REPLY_WITHIN.total_seconds() // 3600),
    "wait_minutes": -(-settings.CONFIRMATION_COOLDOWN_SECONDS // 60),
}


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Where the code of a confirmation text is typed; alike for every token there could be."""
    form = CodeFromPhone(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            confirm_with_code(
                token=token,
                code=form.cleaned_data["code"],
                circumstances=_circumstances(request),
                at=timezone.now(),
            )
        except UnableToConfirm:
            form.add_error("code", form.refusal())
        else:
            messages.success(request, _("Thank you. You said yes, and we wrote it down."))
            return SeeOther(reverse("consent:done"))
    context = {"form": form, "form_address": _form_just_filled_in(request), **LIMITS}
    return render(request, "consent/confirm.html", context, status=422 if form.errors else 200)


def _circumstances(request: HttpRequest) -> Circumstances:
    """The address without its token: evidence is no place for what opens a page."""
    shown_text = shown_words("consent/confirm_body.html", form=CodeFromPhone(), **LIMITS)
    seen = circumstances(request, shown_text=shown_text)
    return replace(seen, page_address=request.build_absolute_uri("/confirm/"))


def _form_just_filled_in(request: HttpRequest) -> str:
    """Where to fill it in again: the signup page the visitor comes from, else all of them.

    It hangs on the browser alone, so it tells nothing about a number.
    """
    came_from = urlsplit(request.POST.get("came_from") or request.headers.get("Referer", "")).path
    try:
        is_form = resolve(came_from).view_name == "consent:signup"
    except Resolver404:
        is_form = False
    return came_from if is_form else reverse("consent:home")


@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """The same page for everybody; that somebody said yes is told by a message, and once."""
    return render(request, "consent/done.html")
