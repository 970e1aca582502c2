"""An element with words that say nothing is as good as missing, and named."""

from __future__ import annotations

import pytest

from config.sample.library import COMMON, LIBRARY_NOTICE
from consent.models import NoticeVersion
from consent.notice_substance import word_lists
from consent.notices import ELEMENTS
from consent.operations.publishing import UnableToPublish, notice_problems, publish_notice_version
from tests import cast

pytestmark = pytest.mark.django_db
SAYS = {
    "sender": "who is responsible: Harbor Street Library",
    "purpose": "what the texts are about",
    "frequency": "the promise: at most 4 in 30 days",
    "cost": "that message and data rates may apply",
    "stop": "the word STOP",
    "help": "the word HELP",
    "not_condition": "that nothing hangs on agreeing",
    "retention": "for how many days, months or years",
    "rights": "that people can see, correct and erase their data",
    "complaint": "which authority takes complaints",
    "terms": "at which address the rest can be read",
    "privacy": "at which address the rest can be read",
}


def draft(language: str = "en", **words: object) -> NoticeVersion:
    """Two purposes, words that say it all but for `words`."""
    published = cast.notice_version()
    version = NoticeVersion.objects.create(
        notice=published.notice, language=language, number=7,
        elements={**published.elements, **words},
    )  # fmt: skip
    for promise in published.purposes.all():
        promise.pk, promise.notice_version = None, version
        promise.save(force_insert=True)
    return version


def test_words_that_say_it_all_have_no_problem():
    assert notice_problems(draft()) == []


@pytest.mark.parametrize("code", ELEMENTS)
def test_an_element_that_says_nothing_is_named(code):
    version = draft(**{code: "x"})
    assert notice_problems(version) == [f"“{ELEMENTS[code]}” does not say {SAYS[code]}."]
    with pytest.raises(UnableToPublish):
        publish_notice_version(actor=cast.approver(), version=version, at=cast.NOON)


@pytest.mark.parametrize("code", ELEMENTS)
def test_in_a_language_without_word_lists_presence_is_enough(code):
    assert "sv" not in word_lists()
    version = draft("sv", **{code: "x"})
    assert notice_problems(version) == []
    version.elements[code] = " "
    assert notice_problems(version) == [f"The notice does not say: {ELEMENTS[code]}."]


@pytest.mark.parametrize("language", ["en", "fr", "es", "de"])
def test_the_words_of_the_sample_say_it_all(language):
    version = draft(language, **COMMON[language], **LIBRARY_NOTICE[language])
    version.purposes.exclude(purpose=cast.news()).delete()
    assert notice_problems(version) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("frequency", "Four texts a month, and one a week."),
        ("cost", "Msg & data rates may apply."),
        ("retention", "Two years."),
        ("terms", "See https://library.example/terms"),
        ("privacy", "See /privacy/ for the rest"),
    ],
)
def test_it_may_be_said_in_several_ways(code, words):
    assert notice_problems(draft(**{code: words})) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("frequency", "At most 40 texts in 300 days, and 10 in 70 days."),
        ("frequency", "Not often."),
        ("cost", "Your phone company may charge you."),
        ("retention", "For as long as necessary."),
        ("rights", "You have rights."),
    ],
)
def test_what_sounds_like_it_is_not_enough(code, words):
    assert len(notice_problems(draft(**{code: words}))) == 1


@pytest.mark.parametrize("elements", [5, None, "words", ["stop"], {"stop": 3}, {"stop": None}])
def test_a_draft_of_another_shape_is_refused_in_words(elements):
    version = draft()
    version.elements = elements
    assert f"The notice does not say: {ELEMENTS['stop']}." in notice_problems(version)
