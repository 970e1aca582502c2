from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.admin.summary import summarize
from messaging.approvals import approval_holds
from messaging.lengths import parts_over_audience, range_of, ranges
from messaging.operations.campaigns import (
    UnableToSubmit,
    approve_campaign,
    draft_facts,
    submit_campaign,
)
from messaging.parts import parts
from messaging.placeholders import Placeholder, Template, fill, parse
from messaging.values import LONGEST_VALUE, Slot, plain_words
from subscribers.models import Attribute
from tests import cast

AT = cast.NOON + cast.DAY
NAME = Slot("first_name", "First name", "text")


def range_in_parts(source: str, *slots: Slot) -> tuple[int, int]:
    found = range_of(parse(source, language="en"), {slot.code: slot for slot in slots})
    return found.fewest, found.most


def test_words_for_everyone_have_one_length():
    assert range_in_parts("Hello.") == (1, 1)
    assert range_in_parts("Hello" * 40) == (2, 2)


def test_one_letter_of_an_answer_may_make_the_whole_text_long():
    assert range_in_parts("a" * 100 + " {first_name|you}", NAME) == (1, 3)
    branch = Slot("branch", "Branch", "choice", ("North", "South"))
    assert range_in_parts("a" * 100 + " {branch|us}", branch) == (1, 1)
    town = Slot("branch", "Branch", "choice", ("North", "Łódź"))
    assert range_in_parts("a" * 100 + " {branch|us}", town) == (1, 2)


def test_the_fallback_counts_as_well():
    assert range_in_parts("a" * 150 + " {gone|" + "b" * 20 + "}") == (2, 2)
    assert range_in_parts("{gone|łaskawy} " + "a" * 100) == (2, 2)


def test_an_attribute_asked_twice_counts_twice():
    twice = " ".join(["{first_name|you}"] * 2)
    assert range_in_parts("ż" * (70 - 2 * LONGEST_VALUE - 1 + 30) + twice, NAME) == (1, 2)


def test_the_longest_text_is_one_that_can_be():
    template = parse("Hello {first_name|friend}.", language="en")
    found = range_of(template, {"first_name": NAME})
    answer = found.longest.removeprefix("Hello ").removesuffix(".")
    assert plain_words(answer) == answer
    assert fill(template, {"first_name": answer}, {"first_name": NAME}) == found.longest


WORDS = st.text(alphabet="ab€łżЖ𠮷", min_size=1, max_size=30).map(str.strip).filter(plain_words)
CHOICES = st.lists(WORDS, min_size=1, max_size=4, unique=True).map(tuple)


@given(CHOICES, CHOICES, st.text(alphabet="a€ł", max_size=200), WORDS, WORDS)
def test_for_choices_the_range_is_exactly_what_can_happen(ones, others, between, first, second):
    slots = {"a": Slot("a", "A", "choice", ones), "b": Slot("b", "B", "choice", others)}
    pieces = (Placeholder("a", first), f" {between} ", Placeholder("b", second))
    template = Template("en", pieces)
    possible = {
        parts(fill(template, {"a": a, "b": b}, slots))
        for a, b in product((*ones, None), (*others, None))
    }
    found = range_of(template, slots)
    assert (found.fewest, found.most) == (min(possible), max(possible))


@pytest.fixture
def branch(db):
    return Attribute.objects.create(
        code="branch", label="Branch", kind="choice", choices=["North", "South"], reason="news"
    )


def test_a_campaign_knows_the_range_of_each_language(branch):
    campaign = cast.draft("Hello {branch|reader}. " + "a" * 100)
    campaign.texts.create(language="fr", body="Bonjour à {branch|tous}. " + "ê" * 50)
    found = {language: (r.fewest, r.most) for language, r in ranges(campaign).items()}
    assert found == {"en": (1, 1), "fr": (2, 2), "": (1, 1)}


def test_the_parts_over_the_audience_are_those_that_will_be_charged(branch):
    for number, answer in (("01", "North"), ("02", "Somewhere"), ("03", None), ("04", "Łódź" * 5)):
        person = cast.confirmed(f"+4477009000{number}")
        person.attributes = {"branch": answer} if answer else {}
        person.save()
    cast.carol()
    branch.choices = ["North", "Łódź" * 5]
    branch.save()
    campaign = cast.draft("Hello {branch|reader}. " + "a" * 90)
    assert parts_over_audience(campaign, at=AT) == {1: 2, 3: 1}
    summary = summarize(campaign, at=AT)
    assert (summary.parts, summary.cost.parts) == ({1: 2, 3: 1}, 5)


def test_the_content_rules_see_the_fallbacks_and_the_longest_answers(branch):
    cast.alice()
    facts = draft_facts(cast.draft("Hello {branch|reader}."), at=cast.NOON)
    assert facts.texts == {
        "en": "Harbor Street Library: Hello reader. Reply STOP to end.",
        "en, longest": "Harbor Street Library: Hello reader. Reply STOP to end.",
    }
    assert facts.parts == {"en": 1}
    assert facts.unreadable == ()


def test_a_text_that_cannot_be_read_is_not_submitted(db):
    cast.alice()
    campaign = cast.draft("Hello {first_name}.")
    with pytest.raises(UnableToSubmit) as refused:
        submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    assert "Every placeholder is one we know and has a fallback." in refused.value.problems


def test_a_placeholder_that_is_not_declared_is_not_submitted(db):
    cast.alice()
    with pytest.raises(UnableToSubmit) as refused:
        submit_campaign(actor=cast.author(), campaign=cast.draft("Hi {town|you}."), at=AT)
    assert refused.value.problems == ["Every placeholder is one we know and has a fallback."]


def test_an_answer_that_may_make_it_longer_voids_the_approval(branch):
    cast.alice()
    campaign = cast.draft("Hello {branch|reader}. " + "a" * 100)
    submit_campaign(actor=cast.author(), campaign=campaign, at=AT)
    approve_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    campaign.refresh_from_db()
    branch.choices = ["North", "South", "West"]
    branch.save()
    assert approval_holds(campaign)
    branch.choices = ["North", "South", "Łódź"]
    branch.save()
    assert not approval_holds(campaign)


@given(st.text(alphabet="a€ł", max_size=150))
def test_the_longest_text_has_the_most_parts(between):
    template = Template("en", (Placeholder("first_name", "you"), f" {between} ",
                               Placeholder("first_name", "you")))  # fmt: skip
    found = range_of(template, {"first_name": NAME})
    assert parts(found.longest) == found.most
