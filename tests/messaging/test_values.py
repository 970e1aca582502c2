from __future__ import annotations

import pytest
from django.conf import settings

from messaging.parts import Encoding, encoding
from messaging.values import (
    LARGEST_NUMBER,
    LONGEST_VALUE,
    TEXT_EXAMPLES,
    Slot,
    declared,
    looks_like_link,
    plain_words,
)
from subscribers.models import Attribute


@pytest.mark.parametrize(
    "name",
    ["Ana", "Zoë", "J.R.R. Tolkien", "O'Brien", "D’Arcy", "Jean-Luc", "Ngô Thị Hà", "孫悟空",
     "عبد الله", "می‌لاد", "नेहा", "Sammy Davis Jr.", "St. Ives", "Łukasz", "7 Oaks", "𠮷野"],
)  # fmt: skip
def test_names_of_all_the_world_stay_as_they_are(name):
    spelled = plain_words(name)
    assert spelled == name


@pytest.mark.parametrize(
    "answer",
    ["http://a.b", "see evil.example/x", "bit.ly/x", "example.com", "EXAMPLE.COM", "mailto:a@b.co",
     "javascript:alert", "tel:123", "a@b", "1.2.3.4", "evil。com", "evil．com", "éxample.com",
     "evil.भारत", "evil․com", "//evil", "xn--a.рф", "e\u0301vil.co\u0301m"],
)  # fmt: skip
def test_nothing_that_could_be_a_link_is_said(answer):
    assert plain_words(answer) is None


@pytest.mark.parametrize(
    "answer",
    ["J.R", "", " ",
     "a\nb", "a\rb", "a\tb", "a\x00b", "a\u202eb", "a\u2066b", "a\u200bb", "a\u200db",
     "a\u2028b", "{town|x}", "}", "a|b", "😀", "-- hello", "\u0301a", "+44 7700 900123",
     "0900.555.0100", "a\\b", "<b>", "a\u00a0b"],
)  # fmt: skip
def test_nothing_that_is_more_than_a_few_words_is_said(answer):
    assert plain_words(answer) is None


def test_a_long_answer_is_cut_and_never_through_a_letter():
    assert plain_words("a" * 41) == "a" * 40
    assert plain_words("a" * 39 + "e\u0301") == "a" * 39
    assert plain_words("𠮷" * 30) == "𠮷" * 20
    assert plain_words("a" * 39 + "𠮷") == "a" * 39
    assert plain_words("a" * 38 + " b c") == "a" * 38 + " b"
    assert plain_words("b" * 39 + " (c") == "b" * 39


def test_what_follows_the_cut_is_judged_too():
    assert plain_words("a" * 60 + " evil.example") is None


def test_the_examples_are_answers_themselves():
    for example in TEXT_EXAMPLES:
        assert plain_words(example) == example
    sizes = [len(each.encode("utf-16-be")) // 2 for each in TEXT_EXAMPLES]
    assert sizes == [1, *[LONGEST_VALUE] * 4]
    assert {encoding(each) for each in TEXT_EXAMPLES} == set(Encoding)


@pytest.mark.parametrize(
    ("kind", "answer", "language", "words"),
    [
        ("number", 3, "en", "3"),
        ("number", -12000, "de", "-12000"),
        ("number", LARGEST_NUMBER + 1, "en", None),
        ("number", True, "en", None),
        ("number", "3", "en", None),
        ("number", 3.5, "en", None),
        ("date", "2026-11-05", "en", "5 November 2026"),
        ("date", "2026-11-05", "de", "5. November 2026"),
        ("date", "2026-08-05", "fr", "5 août 2026"),
        ("date", "2026-08-05", "es", "5 de agosto de 2026"),
        ("date", "2026-02-30", "en", None),
        ("date", 20260805, "en", None),
        ("yes_no", True, "en", "yes"),
        ("yes_no", False, "de", "Nein"),
        ("yes_no", "yes", "en", None),
        ("choice", "Mill Lane", "en", "Mill Lane"),
        ("choice", "Elsewhere", "en", None),
        ("choice", "evil.example", "en", None),
        ("text", "Ana", "en", "Ana"),
        ("text", ["Ana"], "en", None),
        ("text", None, "en", None),
        ("unheard of", "Ana", "en", None),
    ],
)
def test_each_kind_is_said_in_the_language_of_the_text(kind, answer, language, words):
    slot = Slot("x", "X", kind, ("Mill Lane", "evil.example"))
    said = slot.words(answer, language)
    assert (said and said.lower()) == (words and words.lower())


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_date_lies_between_the_examples(language):
    slot = Slot("since", "Since", "date")
    shown = slot.examples(language)
    for year in (1, 1999, 2024, 9999):
        for month in range(1, 13):
            for day in (1, 9, 10, 28):
                words = slot.words(f"{year:04}-{month:02}-{day:02}", language)
                alike = [len(each) for each in shown if encoding(each) is encoding(words)]
                assert min(alike) <= len(words) <= max(alike)
                assert not looks_like_link(words)


def test_only_declared_attributes_can_be_asked_for(db):
    Attribute.objects.create(
        code="branch", label="Branch", kind="choice", choices=["North", 7], reason="news"
    )
    assert declared() == {"branch": Slot("branch", "Branch", "choice", ("North", "7"))}
