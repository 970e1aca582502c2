from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from consent.models import NoticeVersion
from consent.notices import rendered_notice
from consent.purposes_in_use import purposes_in_use, sharing_of


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What we keep about people and why, from the purposes themselves."""
    lines = purposes_in_use(get_language() or settings.LANGUAGE_CODE)
    context = {
        "lines": lines,
        "sharing": sharing_of(lines),
        "controllers": list(dict.fromkeys(line.purpose.controller for line in lines)),
        "complaint_authority": settings.COMPLAINT_AUTHORITY,
    }
    return render(request, "consent/privacy.html", context)


@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact words of one published version; drafts are nobody's business."""
    version = get_object_or_404(NoticeVersion, pk=pk, published_at__isnull=False)
    context = {
        "version": version,
        "notice": rendered_notice(version),
        "promises": version.purposes.select_related("purpose").order_by("pk"),
    }
    return render(request, "consent/notice.html", context)
