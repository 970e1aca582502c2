"""The webhooks of providers. Each is believed only by its signature.

Whatever arrives, the answer is 2xx, 4xx, or 503 when the database is gone: then the provider
tries again. Receipts can go to `messaging.inbox` instead, which answers alike and takes more.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging.operations.inbound import receive_text
from messaging.operations.receipts import store_receipts
from messaging.providers.webhook import Webhook
from messaging.webhooks import (
    CUT_OFF,
    LARGEST_BODY,
    NOT_FOUND,
    REFERENCE,
    TOO_BIG,
    Refused,
    receipts_in,
    texts_in,
)


@csrf_exempt
@require_POST
def inbound(request: HttpRequest, provider_name: str) -> HttpResponse:
    """A text that a person sent."""

    def take() -> None:
        webhook = _webhook(request, settings.PUBLIC_URL)
        for text in texts_in(webhook, provider_name=provider_name):
            receive_text(provider=provider_name, text=text, at=timezone.now())

    return _answer(take)


@csrf_exempt
@require_POST
def receipts(request: HttpRequest, provider_name: str, reference: str) -> HttpResponse:
    """What became of the text that `reference` stands for."""

    def take() -> None:
        if not REFERENCE.fullmatch(reference):
            raise Refused(*NOT_FOUND)
        webhook = _webhook(request, settings.RECEIPTS_URL)
        reports = receipts_in(webhook, provider_name=provider_name, reference=reference)
        store_receipts(provider=provider_name, reports=reports, at=timezone.now())

    return _answer(take)


def _answer(take: Callable[[], None]) -> HttpResponse:
    """204 once `take` is done; else why not, in a few words."""
    try:
        take()
    except Refused as refusal:
        if refusal.status == 404:
            raise Http404 from None
        kind = "text/plain; charset=utf-8"
        return HttpResponse(refusal.reason, status=refusal.status, content_type=kind)
    return HttpResponse(status=204)


def _webhook(request: HttpRequest, site: str) -> Webhook:
    """The request as the provider of `site` made it; raises `Refused`."""
    if _is_too_big(request):
        raise Refused(*TOO_BIG)
    try:
        body = request.body
    except UnreadablePostError:
        raise Refused(*CUT_OFF) from None
    return Webhook(url=f"{site}{request.get_full_path()}", headers=request.headers, body=body)


def _is_too_big(request: HttpRequest) -> bool:
    # Without a length Django reads an empty body, which no signature fits.
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not str(length).isdecimal() or int(length) > LARGEST_BODY
