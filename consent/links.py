"""Absolute addresses of pages, for texts."""

from __future__ import annotations

from django.conf import settings


def page_address(token: str) -> str:
    """The address of a person's page, as short as it can be: it stands in a text."""
    return f"{settings.PUBLIC_URL}/p/{token}/"
