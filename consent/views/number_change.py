"""Moving to a new number: two pages, and nothing in them tells whether we know the new number."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consent.codes import CODE_MINUTES, TRIES
from consent.forms import CodeFromPhone, OwnNumber
from consent.operations.number_change import (
    NumberTaken,
    UnableToChange,
    change_with_code,
    request_number_change,
)
from consent.personal_page import open_page
from consent.redirects import SeeOther
from consent.suppression import is_suppressed
from consent.views.own import for_whoever_holds_the_phone
from consent.visitors import circumstances, client_address
from subscribers.models import Subscriber


@require_http_methods(["GET", "HEAD", "POST"])
@for_whoever_holds_the_phone
def new_number(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """The new number is typed; a code goes to it if we may text it."""
    form = OwnNumber(request.POST if request.method == "POST" else None)
    form.fields["number"].label = _("Your new mobile number")
    if form.is_valid():
        request_number_change(
            subscriber=subscriber,
            e164=form.cleaned_data["number"].as_e164,
            client_address=client_address(request),
            at=timezone.now(),
        )
        return SeeOther(reverse("consent:number_code"))
    context = {"form": form, "subscriber": subscriber, "is_stopped": is_suppressed(subscriber)}
    status = 422 if form.errors else 200
    return render(request, "consent/new_number.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_whoever_holds_the_phone
def number_code(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Where the code of the text to the new number is typed."""
    form = CodeFromPhone(request.POST if request.method == "POST" else None)
    if form.is_valid() and _is_changed(request, subscriber, form):
        open_page(request, subscriber, by_code=True, at=timezone.now())
        messages.success(request, _("Done. Your texts go to the new number from now on."))
        return SeeOther(reverse("consent:choices"))
    context = {"form": form, "minutes": CODE_MINUTES, "tries": TRIES}
    status = 422 if form.errors else 200
    return render(request, "consent/number_code.html", context, status=status)


def _is_changed(request: HttpRequest, subscriber: Subscriber, form: CodeFromPhone) -> bool:
    try:
        change_with_code(
            subscriber=subscriber,
            code=form.cleaned_data["code"],
            circumstances=circumstances(request, shown_text=_("Move to my new number")),
            at=timezone.now(),
        )
    except NumberTaken:
        form.add_error("code", _("That number has a page of its own here. Erase that one first."))
    except UnableToChange:
        form.add_error("code", form.refusal())
    else:
        return True
    return False
