"""The person's own page: each button does one thing and comes back here."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from consent.forms import Frequency, Pause, Settings
from consent.frequency import how_often
from consent.guardians import live_guardianships, wards
from consent.models import SuppressionSource
from consent.operations.access import revoke_links
from consent.operations.preferences import choose_frequency, pause
from consent.operations.withdrawal import stop_and_wait, withdraw_consent
from consent.personal_page import close_page, open_page, open_page_of
from consent.redirects import SeeOther
from consent.standing import StandingLine, standings
from consent.suppression import is_suppressed
from consent.views.own import for_the_person
from consent.visitors import circumstances
from subscribers.models import Subscriber
from subscribers.operations import change_settings


def _back() -> HttpResponse:
    return SeeOther(reverse("consent:choices"))


def _posted_line(request: HttpRequest, subscriber: Subscriber) -> StandingLine:
    """The line of the posted purpose; 404 unless this person was ever asked about it."""
    for line in standings(subscriber=subscriber, at=timezone.now()):
        if line.purpose.code == request.POST.get("purpose"):
            return line
    raise Http404


@require_safe
@for_the_person
def choices(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """What this person agreed to, and every way of changing it."""
    return _show(request, subscriber, Settings(subscriber))


def _show(
    request: HttpRequest, subscriber: Subscriber, form: Settings, status: int = 200
) -> HttpResponse:
    lines = standings(subscriber=subscriber, at=timezone.now())
    context = {
        "subscriber": subscriber,
        "agreed": [(line, Frequency(line)) for line in lines if line.is_active],
        "others": [line for line in lines if not line.is_active],
        "paused_until_at": max(
            filter(None, (line.paused_until_at for line in lines)), default=None
        ),
        "is_stopped": is_suppressed(subscriber),
        "guardianships": live_guardianships(subscriber).prefetch_related("purposes"),
        "wards": wards(subscriber),
        "pause": Pause(),
        "settings": form,
    }
    return render(request, "consent/choices.html", context, status=status)


@require_POST
@for_the_person
def withdraw(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """One tap, no reason asked. A second tap on a page left open changes nothing."""
    purpose = _posted_line(request, subscriber).purpose
    shown_text = _("Stop texts about %(purpose)s") % {"purpose": purpose.name}
    withdraw_consent(
        subscriber=subscriber,
        purpose=purpose,
        circumstances=circumstances(request, shown_text=shown_text),
        at=timezone.now(),
    )
    done = _("You will get no more texts about %(purpose)s.") % {"purpose": purpose.name}
    messages.success(request, done)
    return _back()


@require_POST
@for_the_person
def stop(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """No more texts at all; the page cannot undo it."""
    stop_and_wait(
        subscriber=subscriber,
        source=SuppressionSource.PAGE,
        circumstances=circumstances(request, shown_text=_("Stop all texts")),
        at=timezone.now(),
    )
    return _back()


@require_POST
@for_the_person
def pause_texts(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """No texts for a while, or, where "resume" was pressed, again as agreed."""
    if "resume" in request.POST:
        pause(subscriber=subscriber, until=None)
        messages.success(request, _("Texts go on as you agreed."))
        return _back()
    form = Pause(request.POST)
    if not form.is_valid():
        return _not_understood(request)
    until = timezone.now() + timedelta(days=form.cleaned_data["days"])
    pause(subscriber=subscriber, until=until)
    day = date_format(until, "DATE_FORMAT")
    messages.success(request, _("No texts until %(day)s.") % {"day": day})
    return _back()


@require_POST
@for_the_person
def frequency(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Less often than promised, or again as promised."""
    line = _posted_line(request, subscriber)
    form = Frequency(line, request.POST)
    if not (line.is_active and form.is_valid()):
        return _not_understood(request)
    texts, days = form.chosen
    choose_frequency(subscriber=subscriber, purpose=line.purpose, texts=texts, days=days)
    saved = _("Saved: %(purpose)s, %(often)s.") % {
        "purpose": line.purpose.name,
        "often": how_often(texts, days) if texts and days else _("as promised"),
    }
    messages.success(request, saved)
    return _back()


@require_POST
@for_the_person
def change(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Language, time zone and, where they matter, state or province."""
    form = Settings(subscriber, request.POST)
    if not form.is_valid():
        return _show(request, subscriber, form, status=422)
    change_settings(subscriber=subscriber, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return _back()


@require_POST
@for_the_person
def revoke(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """No link in an earlier text opens the page any more, wherever it was forwarded to. Here it
    stays open only where a code opened it: a link may be in the wrong hands."""
    at = timezone.now()
    page = open_page_of(request, at=at)
    revoke_links(subscriber=subscriber, at=at)
    messages.success(request, _("Links in earlier texts do not open this page any more."))
    if page is not None and page.by_code:
        open_page(request, subscriber, by_code=True, at=at)
        return _back()
    close_page(request, at=at)
    return SeeOther(reverse("consent:preferences"))


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the page on this device."""
    close_page(request, at=timezone.now())
    messages.success(request, _("Your page is closed on this device."))
    return SeeOther(reverse("consent:home"))


def _not_understood(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("That was not one of the choices. Nothing was changed."))
    return _back()
