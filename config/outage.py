from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults
from redis.exceptions import ConnectionError as CacheConnectionError
from redis.exceptions import TimeoutError as CacheTimeoutError

from config.organization import organization

log = logging.getLogger(__name__)
OUTAGES = (OperationalError, InterfaceError, CacheConnectionError, CacheTimeoutError)


class OutageMiddleware:
    """The database or the cache is gone: say so, keep what was typed, offer to try again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return outage_page(request) if isinstance(error, OUTAGES) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """The site's answer to every other error, among them those of the middleware itself."""
    if isinstance(sys.exception(), OUTAGES):
        return outage_page(request)
    return defaults.server_error(request, template_for(request, "500.html"))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return defaults.page_not_found(request, exception, template_for(request, "404.html"))


def template_for(request: HttpRequest, name: str) -> str:
    """Staff are led back to their own first page, visitors to theirs."""
    return f"admin/{name}" if request.path.startswith("/admin/") else name


def outage_page(request: HttpRequest) -> HttpResponse:
    """Status 503 with the posted fields in a form that repeats the request."""
    view = request.resolver_match and request.resolver_match.view_name
    log.error("outage while answering %s", view, exc_info=sys.exception())
    # The posted CSRF token goes along: a forged request comes back with its forged token.
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if "password" not in name
    ]
    context = {"typed": typed, "path": request.path, **organization(request)}
    page = render_to_string("outage.html", context, request=None)
    return HttpResponse(page, status=503, headers={"Retry-After": "30"})
