from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def organization(request: HttpRequest) -> dict[str, object]:
    """What every page may name: who we are, how to reach us, and whether this is the demo."""
    return {
        "organization": settings.ORGANIZATION,
        "help_contact": settings.HELP_CONTACT,
        "demo": settings.DEMO,
    }
