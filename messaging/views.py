"""The webhooks of providers. Each is believed only by its signature.

Whatever arrives, the answer is 2xx, 4xx, or 503 when the database is gone: then the provider
tries again.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging.operations.inbound import receive_text
from messaging.operations.receipts import store_receipts
from messaging.providers.base import Provider, provider
from messaging.providers.errors import NotSigned, UnknownProvider, Unreadable

LARGEST_BODY = 64 * 1024
LONGEST_TOKEN = 22


@csrf_exempt
@require_POST
def inbound(request: HttpRequest, provider_name: str) -> HttpResponse:
    """A text that a person sent."""

    def take(sender: Provider) -> None:
        for text in sender.inbound(request):
            receive_text(provider=sender.name, text=text, at=timezone.now())

    return _answer(request, provider_name, take)


@csrf_exempt
@require_POST
def receipts(request: HttpRequest, provider_name: str, token: str) -> HttpResponse:
    """What became of the text that `token` stands for."""
    if len(token) > LONGEST_TOKEN:
        raise Http404

    def take(sender: Provider) -> None:
        reports = sender.receipts(request, token)
        store_receipts(provider=sender.name, reports=reports, at=timezone.now())

    return _answer(request, provider_name, take)


def _answer(
    request: HttpRequest, provider_name: str, take: Callable[[Provider], None]
) -> HttpResponse:
    """204 once `take` is done with a signed request; else why not, in a few words."""
    if _is_too_big(request):
        return _refusal("body too big", 413)
    try:
        sender = provider(provider_name)
        sender.verify(request)
        take(sender)
    except UnknownProvider:
        raise Http404 from None
    except NotSigned:
        return _refusal("bad signature", 403)
    except Unreadable as error:
        return _refusal(error.reason, 400)
    except UnreadablePostError:
        return _refusal("body cut off", 400)
    return HttpResponse(status=204)


def _is_too_big(request: HttpRequest) -> bool:
    # Without a length Django reads an empty body, which no signature fits.
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not str(length).isdecimal() or int(length) > LARGEST_BODY


def _refusal(reason: str, status: int) -> HttpResponse:
    return HttpResponse(reason, status=status, content_type="text/plain; charset=utf-8")
