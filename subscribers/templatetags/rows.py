"""Lists of rows on a phone: each cell carries the name of its column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()


@register.filter
def with_labels(cells: Iterable[str], headers: Iterable[Mapping[str, Any]]) -> list[SafeString]:
    """The cells of one row as Django made them, each with `data-label`: its column's heading."""
    pairs = zip(cells, headers, strict=True)
    return [_labelled(str(cell), str(header.get("text", ""))) for cell, header in pairs]


def _labelled(cell: str, heading: str) -> SafeString:
    label = format_html(' data-label="{}"', capfirst(heading))
    tag, rest = cell[:3], cell[3:]
    # Django's own markup, escaped already: a "<td" or "<th" and all that follows.
    return mark_safe(f"{tag}{label}{rest}")  # noqa: S308
