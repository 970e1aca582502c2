"""How a country is named to people."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

import phonenumbers
from django.utils.translation import get_language
from phonenumbers import geocoder

WITH_ARTICLE = re.compile(
    r"^United |Islands$|Republic$|^(Netherlands|Philippines|Bahamas|Maldives|Gambia|Comoros)$"
)


def country_name(country: str) -> str:
    """The name in the visitor's language: "GB" is United Kingdom, Royaume-Uni, …"""
    return _name(country, (get_language() or "en").split("-")[0])


@functools.lru_cache(maxsize=2_000)
def _name(country: str, language: str) -> str:
    example = phonenumbers.example_number(country) if country else None
    return (geocoder.country_name_for_number(example, language) if example else "") or country


def name_with_code(country: str) -> str:
    """Such as "United Kingdom (GB)"; what has no name is its code."""
    name = country_name(country)
    return f"{name} ({country})" if name != country else country


def calling_code(country: str) -> str:
    """Such as "+44"; "" where the country is unknown."""
    code = phonenumbers.country_code_for_region(country)
    return f"+{code}" if code else ""


def names_with_codes(countries: Iterable[str]) -> list[str]:
    """Such as ["the United Kingdom (+44)"], to follow "of"."""
    return [f"{in_a_sentence(each)} ({calling_code(each)})" for each in countries]


def in_a_sentence(country: str) -> str:
    """As it follows "of" or "in": English says "the United Kingdom"."""
    name = country_name(country)
    is_english = (get_language() or "en").startswith("en")
    return f"the {name}" if is_english and WITH_ARTICLE.search(name) else name
