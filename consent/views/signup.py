from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from consent.forms import SignupRequest
from consent.local_law import law_for_number
from consent.models import SignupForm
from consent.open_forms import OpenForm, open_form
from consent.operations.guardianship import Household, ask_guardian
from consent.operations.signup import (
    REPLY_WITHIN,
    Request,
    UnableToRequest,
    request_consent,
)
from consent.redirects import SeeOther
from consent.visitors import circumstances
from consent.young_forms import YoungSignupRequest, asks_for_the_first_time, typed_before
from subscribers.identifiers import link_token


@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest, slug: str) -> HttpResponse:
    """A published form; a valid answer leads to at most one confirmation text."""
    form = get_object_or_404(SignupForm.objects.select_related("notice"), slug=slug)
    page = open_form(form, get_language() or settings.LANGUAGE_CODE, at=timezone.now())
    if page is None:
        return render(request, "consent/not_open.html", status=404)
    if request.method == "POST":
        return _answer(request, page)
    return _show(request, page, SignupRequest.empty(page))


def _show(
    request: HttpRequest, page: OpenForm, entry: SignupRequest, status: int = 200
) -> HttpResponse:
    context = {"page": page, "form": entry}
    return render(request, "consent/signup.html", context, status=status)


def _answer(request: HttpRequest, page: OpenForm) -> HttpResponse:
    entry = SignupRequest(page, request.POST)
    if entry.is_from_a_program:
        return SeeOther(_confirm_page(link_token()))
    if entry.is_from_someone_younger:
        return _answer_young(request, page)
    if not asks_for_the_first_time(request.POST):
        return _back_to_everybody(request, page)
    if not entry.is_valid():
        return _show(request, page, entry.with_current_words(), status=422)
    try:
        return SeeOther(_confirm_page(_request_consent(request, page, entry)))
    except UnableToRequest:
        return render(request, "consent/not_open.html", status=404)


def _answer_young(request: HttpRequest, page: OpenForm) -> HttpResponse:
    """Two more questions, then one text to the guardian; or a kind no, and nothing is kept."""
    if not page.form.takes_minors:
        return _too_young(request, page, page.age_asked)
    at = timezone.now()
    today = at.date()
    if asks_for_the_first_time(request.POST):
        seen, asked_next = SignupRequest(page), YoungSignupRequest(page, today=today)
        typed = typed_before(request.POST, seen=seen, asked_next=asked_next)
        return _show(request, page, YoungSignupRequest(page, initial=typed, today=today))
    entry = YoungSignupRequest(page, request.POST, today=today)
    if not entry.is_valid():
        return _show(request, page, entry.with_current_words(), status=422)
    law = law_for_number(entry.cleaned_data["number"].as_e164, at=at)
    if entry.is_refused(law):
        return _too_young(request, page, law.refuses_below)
    household = Household(
        e164=entry.cleaned_data["number"].as_e164,
        guardian_e164=entry.cleaned_data["guardian_number"].as_e164,
        under_age_until=entry.under_age_until,
    )
    ask_guardian(request=_wish(request, page, entry), household=household, at=at)
    return SeeOther(reverse("consent:guardian_asked"))


def _back_to_everybody(request: HttpRequest, page: OpenForm) -> HttpResponse:
    """They said "younger" by mistake: the page for everybody, as filled in as it can be."""
    seen = YoungSignupRequest(page, today=timezone.now().date())
    typed = typed_before(request.POST, seen=seen, asked_next=SignupRequest(page))
    return _show(request, page, SignupRequest(page, initial=typed))


def _wish(request: HttpRequest, page: OpenForm, entry: SignupRequest) -> Request:
    return Request(
        form=page.form,
        version=page.version,
        purposes=list(entry.cleaned_data["purposes"]),
        language=entry.cleaned_data["language"],
        method="page",
        attributes=entry.answers,
        age_asserted=entry.age_asserted,
        circumstances=circumstances(request, shown_text=entry.shown_text, boxes=entry.ticked),
    )


def _too_young(request: HttpRequest, page: OpenForm, age: int) -> HttpResponse:
    return render(request, "consent/too_young.html", {"page": page, "age": age})


@require_safe
def guardian_asked(request: HttpRequest) -> HttpResponse:
    """The same page for everybody: it does not tell whether a text is on its way."""
    hours = int(REPLY_WITHIN.total_seconds() // 3600)
    return render(request, "consent/guardian_asked.html", {"reply_hours": hours})


def _confirm_page(token: str) -> str:
    return reverse("consent:confirm", args=[token])


def _request_consent(request: HttpRequest, page: OpenForm, entry: SignupRequest) -> str:
    return request_consent(
        form=page.form,
        version=page.version,
        e164=entry.cleaned_data["number"].as_e164,
        purposes=list(entry.cleaned_data["purposes"]),
        language=entry.cleaned_data["language"],
        attributes=entry.answers,
        age_asserted=entry.age_asserted,
        circumstances=circumstances(request, shown_text=entry.shown_text, boxes=entry.ticked),
        at=timezone.now(),
    )
