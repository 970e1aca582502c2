"""Receipts: the person's own, behind their page, and the page where anybody checks one."""

from __future__ import annotations

import io
from uuid import UUID

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from consent.forms import ReceiptToCheck
from consent.models import EventKind
from consent.notices import rendered_notice
from consent.receipt_checks import check_receipt
from consent.receipts import Receipt, receipt_of, receipted
from consent.views.own import for_the_person
from subscribers.models import Subscriber

# Of the printed square: a camera finds it at this size on paper, whatever the screen.
QR_SCALE = 4


@require_safe
@for_the_person
def receipts(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Every yes of this person, each with its receipt."""
    return render(request, "consent/receipts.html", {"events": receipted(subscriber)})


@require_safe
@for_the_person
def receipt(request: HttpRequest, subscriber: Subscriber, event_id: UUID) -> HttpResponse:
    """One receipt, to read and to print."""
    shown = _own_receipt(subscriber, event_id)
    context = {
        "receipt": shown,
        "by_guardian": shown.event.kind == EventKind.GUARDIAN_CONFIRMED,
        "version": shown.version,
        "notice": rendered_notice(shown.version),
        "number": subscriber.masked_number,
        "check_address": f"{settings.PUBLIC_URL}{reverse('consent:check_receipt')}",
    }
    return render(request, "consent/receipt.html", context)


@require_safe
@for_the_person
def receipt_json(request: HttpRequest, subscriber: Subscriber, event_id: UUID) -> HttpResponse:
    """The same as a file, for a machine."""
    body = _own_receipt(subscriber, event_id).as_json
    name = f"receipt-{event_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type="application/json", headers=headers)


@require_safe
@for_the_person
def receipt_code(request: HttpRequest, subscriber: Subscriber, event_id: UUID) -> HttpResponse:
    """The square of the printed receipt. A file of its own: pages here may hold no inline image."""
    drawn = io.BytesIO()
    code = _own_receipt(subscriber, event_id).code
    segno.make_qr(code).save(drawn, kind="svg", scale=QR_SCALE, border=4, light="white")
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


def _own_receipt(subscriber: Subscriber, event_id: UUID) -> Receipt:
    event = receipted(subscriber).filter(pk=event_id).first()
    if event is None:
        raise Http404
    return receipt_of(event)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Anybody shows a receipt and is told what of it is true. Nothing of it is kept."""
    if request.method != "POST":
        return render(request, "consent/check.html", {"form": ReceiptToCheck()})
    form = ReceiptToCheck(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "consent/check.html", {"form": form}, status=422)
    context = {"form": ReceiptToCheck(), "checked": check_receipt(form.cleaned_data["text"])}
    return render(request, "consent/check.html", context)
