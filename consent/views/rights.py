"""The person's rights over their data: a copy of everything, and erasure."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consent.forms import Erasure
from consent.models import ActorKind
from consent.operations.access import send_access_code
from consent.operations.erasure import erase_subscriber
from consent.personal_page import close_page
from consent.redirects import SeeOther
from consent.standing import standings
from consent.suppression import is_suppressed
from consent.views.own import for_the_person, for_whoever_holds_the_phone
from consent.visitors import client_address
from subscribers.countries import country_name
from subscribers.models import Attribute, Subscriber
from subscribers.privacy import copy_of_everything, whole_history

INDENT = {"indent": 2, "ensure_ascii": False}


@require_http_methods(["GET", "HEAD", "POST"])
@for_the_person
def prove(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """A link opened the page, and links get forwarded: some things need a code besides."""
    if request.method == "POST":
        token = send_access_code(
            e164=subscriber.phone_number,
            client_address=client_address(request),
            at=timezone.now(),
        )
        return SeeOther(reverse("consent:preferences_code", args=[token]))
    context = {"subscriber": subscriber, "is_stopped": is_suppressed(subscriber)}
    return render(request, "consent/prove.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_whoever_holds_the_phone
def erase(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """What goes and what stays, and then all of it at once."""
    form = Erasure(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"form": form, "subscriber": subscriber}
        status = 422 if form.errors else 200
        return render(request, "consent/erase.html", context, status=status)
    erase_subscriber(
        subscriber=subscriber,
        actor_kind=ActorKind.SUBSCRIBER,
        remember_no=form.cleaned_data["remember_no"],
        at=timezone.now(),
    )
    close_page(request, at=timezone.now())
    messages.success(request, _("Erased. You get no more texts."))
    return SeeOther(reverse("consent:erased"))


@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """The same page for everybody; that somebody was erased is told by a message, and once."""
    return render(request, "consent/erased.html")


@require_safe
@for_whoever_holds_the_phone
def copy(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Everything we have about the person, to read and to print."""
    labels = dict(Attribute.objects.values_list("code", "label"))
    context = {
        "subscriber": subscriber,
        "answers": [(labels.get(c, c), v) for c, v in sorted(subscriber.attributes.items())],
        "country": country_name(subscriber.country),
        "area": _area_in_words(subscriber.number_area),
        "language": dict(settings.LANGUAGES).get(subscriber.language, subscriber.language),
        "lists": subscriber.lists.order_by("name"),
        "standings": standings(subscriber=subscriber, at=timezone.now()),
        "is_stopped": is_suppressed(subscriber),
        "history": whole_history(subscriber),
        "now": timezone.now(),
    }
    return render(request, "consent/copy.html", context)


def _area_in_words(area: str) -> str:
    """An area code as it is dialed, or the name of the country where that is all we know."""
    return area if area.startswith("+") else country_name(area)


@require_safe
@for_whoever_holds_the_phone
def copy_as_json(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """The same for a program (GDPR, article 20)."""
    response = JsonResponse(copy_of_everything(subscriber), json_dumps_params=INDENT)
    name = f"my-data-{timezone.now():%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
