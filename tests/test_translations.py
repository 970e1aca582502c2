"""What people read and get texted in French, Spanish and German."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from consent.texts import TextKind, render_text
from messaging.parts import Encoding, encoding
from tests import cast

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
# %(name)s and its like, tags, and the words that phones answer with.
FIXED = re.compile(r"%\(\w+\)[sd]|</?\w+[^>]*>|\b(?:STOP|START|HELP|YES|NO)\b")
GIVEN = {
    "organization": "Library", "code": "123456", "minutes": 30, "promises": "News",
    "contact": "help@library.example", "link": "https://library.example/p/x/", "ending": "12",
    "day": "5.11.", "of_age": False,
}  # fmt: skip


def entries(language: str) -> list[tuple[str, str]]:
    """(English, translated) of everything our own catalog has but for words with a context."""
    source = Path(settings.LOCALE_PATHS[0], language, "LC_MESSAGES", "django.po").read_text()
    plain = "\n\n".join(block for block in source.split("\n\n") if "msgctxt" not in block)
    return re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', plain, re.M)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_is_translated_and_keeps_what_must_not_change(language):
    known = entries(language)
    assert len(known) > 500
    assert [english for english, translated in known if not translated] == []
    changed = [
        english
        for english, translated in known
        if Counter(FIXED.findall(english)) != Counter(FIXED.findall(translated))
    ]
    assert changed == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language):
    plain = [pair for pair in entries(language) if "\\" not in "".join(pair)]
    with translation.override(language):
        differing = [english for english, said in plain if gettext(english) != said]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TextKind)
def test_each_text_is_in_the_persons_language_and_in_the_short_alphabet(kind, language):
    text = render_text(kind, language=language, **GIVEN)
    assert text != render_text(kind, language="en", **GIVEN)
    assert encoding(text) is Encoding.GSM7


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "confidentialité"), ("es", "privacidad"), ("de", "Datenschutz")],
)
def test_the_privacy_page_is_there_in_each_language(client: Client, language, words):
    cast.signup_form()
    page = client.get("/privacy/", headers={"accept-language": language})
    assert page["Content-Language"] == language
    assert words.casefold() in page.content.decode().casefold()
