from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from messaging.system_texts import system_address


def organization(request: HttpRequest) -> dict[str, object]:
    """What every page may name: who we are, how to reach us, and whether this is the demo."""
    return {
        "organization": settings.ORGANIZATION,
        "help_contact": settings.HELP_CONTACT,
        "demo": settings.DEMO,
        # Read only where a page names it: the page of an outage does not.
        "text_number": SimpleLazyObject(system_address),
    }
