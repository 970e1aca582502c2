"""The virtual phones of the demo, for staff at this machine only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messaging.handsets import client
from messaging.handsets.forms import OpenForm, ReplyForm, SwitchesForm
from messaging.models import Sender

LOOPBACK = ("127.0.0.1", "::1")
QUICK_REPLIES = ("YES", "STOP", "START", "HELP")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def demo_page(view: View[P]) -> View[P]:
    """404 outside the demo, from other machines and for others than staff; 503 without carrier."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not (settings.DEMO and _is_local(request) and _is_staff(request)):
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except client.CarrierSilent:
            return _page(request, "silent", {"title": _("Phones")}, status=503)

    return guarded


@demo_page
@require_GET
def handsets(request: HttpRequest) -> HttpResponse:
    return _list_page(request, OpenForm())


@demo_page
@require_POST
def open_handset(request: HttpRequest) -> HttpResponse:
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _list_page(request, form, status=422)
    return redirect("handsets:thread", client.find_handset(form.cleaned_data["number"].as_e164))


@demo_page
@require_GET
def thread(request: HttpRequest, handset_id: str) -> HttpResponse:
    return _thread_page(request, handset_id, ReplyForm())


@demo_page
@require_POST
def reply(request: HttpRequest, handset_id: str) -> HttpResponse:
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _thread_page(request, handset_id, form, status=422)
    try:
        client.reply(handset_id, text=form.cleaned_data["text"], to=_service(request))
    except client.CarrierRefused as refusal:
        if refusal.status == 404:
            raise Http404 from None
        form.add_error("text", _("Nobody has texted this phone yet, so there is nobody to answer."))
        return _thread_page(request, handset_id, form, status=422)
    return redirect("handsets:thread", handset_id)


@demo_page
@require_http_methods(["GET", "POST"])
def switches(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _switches_page(request, SwitchesForm(initial=client.switches()))
    form = SwitchesForm(request.POST)
    if not form.is_valid():
        return _switches_page(request, form, status=422)
    client.change_switches(form.positions)
    messages.success(request, _("The carrier now behaves so."))
    return redirect("handsets:switches")


def _list_page(request: HttpRequest, form: OpenForm, *, status: int = 200) -> HttpResponse:
    context = {"title": _("Phones"), "handsets": client.list_handsets(), "form": form}
    return _page(request, "list", context, status=status)


def _thread_page(
    request: HttpRequest, handset_id: str, form: ReplyForm, *, status: int = 200
) -> HttpResponse:
    try:
        handset = client.handset(handset_id)
    except client.CarrierRefused:
        raise Http404 from None
    context = {
        "title": handset["number"],
        "handset": handset,
        "form": form,
        "quick_replies": QUICK_REPLIES,
    }
    return _page(request, "thread", context, status=status)


def _switches_page(request: HttpRequest, form: SwitchesForm, *, status: int = 200) -> HttpResponse:
    return _page(request, "switches", {"title": _("Switches"), "form": form}, status=status)


def _page(
    request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    everything = admin.site.each_context(request) | context
    return render(request, f"handsets/{name}.html", everything, status=status)


def _service(request: HttpRequest) -> str:
    """Whom a phone texts that nobody texted yet: the sender of confirmations."""
    if request.POST.get("first") != "yes":
        return ""
    system = Sender.objects.filter(sends_system_texts=True).values_list("address", flat=True)
    return system.first() or ""


def _is_local(request: HttpRequest) -> bool:
    # A proxy on this machine speaks for someone who may be anywhere.
    forwarded = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"} & request.META.keys()
    return not forwarded and request.META.get("REMOTE_ADDR") in LOOPBACK


def _is_staff(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff
