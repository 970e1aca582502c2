"""Who is asking, as far as HTTP tells."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest

from consent.circumstances import Circumstances


def client_address(request: HttpRequest) -> str:
    """The address that the outermost proxy of ours saw.

    X-Forwarded-For is read TRUSTED_PROXIES entries from the right: what stands
    further left was written by the visitor and proves nothing.
    """
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    hops = settings.TRUSTED_PROXIES
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if hops < 1 or len(entries) < hops:
        return nearest
    return _readable(entries[-hops].strip()) or nearest


def _readable(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def circumstances(
    request: HttpRequest, *, shown_text: str, boxes: Mapping[str, bool] | None = None
) -> Circumstances:
    """What this request proves about an act of consent."""
    return Circumstances(
        page_address=request.build_absolute_uri(request.path),
        shown_text=shown_text,
        boxes=dict(boxes or {}),
        client_address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
    )
