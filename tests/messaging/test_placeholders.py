from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messaging.composition import compose
from messaging.lengths import range_of
from messaging.parts import parts
from messaging.placeholders import (
    Placeholder,
    Template,
    UnreadableTemplate,
    escaped,
    fill,
    parse,
    problems,
    with_fallbacks,
)
from messaging.values import Slot, looks_like_link

SLOTS = {
    slot.code: slot
    for slot in (
        Slot("first_name", "First name", "text"),
        Slot("town", "Town", "text"),
        Slot("books", "Books lent", "number"),
        Slot("since", "Member since", "date"),
        Slot("branch", "Branch", "choice", ("Mill Lane", "Łódź – Centrum", "www.evil.example")),
        Slot("card", "Has a card", "yes_no"),
    )
}


def read(source: str, language: str = "en") -> Template:
    return parse(source, language=language)


def sentences(source: str) -> list[str]:
    return [str(problem) for problem in problems(source, SLOTS)]


def test_a_placeholder_has_a_code_and_a_fallback():
    template = read("Hello {first_name|friend}!")
    assert template.pieces == ("Hello ", Placeholder("first_name", "friend"), "!")
    assert fill(template, {"first_name": "Ana"}, SLOTS) == "Hello Ana!"
    assert with_fallbacks(template) == "Hello friend!"


def test_two_braces_are_one():
    assert read("{{ and }} and {{{town|home}}}").pieces == (
        "{ and } and {", Placeholder("town", "home"), "}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hello {name|friend}", "Line 1, character 7: “name” is not a declared attribute."),
        ("Hello {first_name}", "Line 1, character 7: “first_name” has no words for people"),
        ("Hello {first_name|}", "Line 1, character 7: “first_name” has no words for people"),
        ("Hello {first_name|  }", "Line 1, character 7: “first_name” has no words for people"),
        ("a\nb {first_name|x", "Line 2, character 3: A brace opens and is not closed."),
        ("a } b", "Line 1, character 3: A brace closes that was not opened."),
        ("{first_name|{town|x}}", "Line 1, character 1: A brace opens inside another one."),
        ("{first_name|a|b}", "Line 1, character 1: After the bar come a few words"),
        ("{first_name|a\nb}", "Line 1, character 1: After the bar come a few words"),
        ("{first_name|a\u202eb}", "Line 1, character 1: After the bar come a few words"),
        ("{first_name|bit.ly/x}", "Line 1, character 1: The words after the bar look like"),
        ("{first_name|tel:123}", "Line 1, character 1: The words after the bar look like"),
        ("{}", "Line 1, character 1: “” has no words"),
        ("{{first_name}} hi", "Line 1, character 1: Two braces are one brace in the text."),
        ("{{ town|home }} hi", "Line 1, character 1: Two braces are one brace in the text."),
        ("See {town|a}.example", "Line 1, character 5: Phones may read this as part of a link."),
        ("https://x.example/{town|a}", "Line 1, character 19: Phones may read this as part"),
        ("{first_name|a}{town|b}", "Line 1, character 1: Phones may read this as part"),
        ("{first_name|a}com", "Line 1, character 1: Phones may read this as part"),
        ("javascript:{town|a}", "Line 1, character 12: Phones may read this as part"),
        ("bob@{town|a}", "Line 1, character 5: Phones may read this as part"),
    ],
)
def test_every_fault_is_named_with_its_place(source, expected):
    assert sentences(source)[0].startswith(expected)


def test_every_fault_is_named_at_once():
    assert len(sentences("{name|x} {first_name} {town|b}")) == 1
    assert len(sentences("{name|x} {friend|y} {town|b}")) == 2


@pytest.mark.parametrize(
    "source",
    ["{first_name|friend}, hello", "{first_name|Your}'s books.", "({town|here})", "{books|3} %",
     "No braces", "", "From {town|here}.", "https://x.example/a for {town|you}"],
)  # fmt: skip
def test_what_is_right_has_no_fault(source):
    assert sentences(source) == []


def test_what_cannot_be_read_is_never_filled():
    with pytest.raises(UnreadableTemplate) as refused:
        read("Hello {first_name}")
    assert refused.value.problems[0].character == 7


def test_an_attribute_that_is_gone_gets_its_fallback():
    assert fill(read("Hello {gone|friend}"), {"gone": "Ana"}, SLOTS) == "Hello friend"


def composed(body: str) -> str:
    return compose(body=body, controller="Harbor Street Library", language="en")


@pytest.mark.parametrize("answer", ["STOP", "Harbor Street Library", "Reply STOP to end."])
def test_an_answer_takes_neither_our_name_nor_how_to_stop_away(answer):
    text = fill(read(composed("Hello {first_name|friend}")), {"first_name": answer}, SLOTS)
    assert text == f"Harbor Street Library: Hello {answer} Reply STOP to end."


def test_a_fallback_does_not_take_them_away_either():
    text = fill(read(composed("{town|Reply STOP to end}")), {"town": "Ely"}, SLOTS)
    assert text == "Harbor Street Library: Ely Reply STOP to end."


def test_a_name_with_braces_is_only_a_name():
    source = compose(body="Hi {town|you}", controller="{Brace} & Co", language="en")
    assert with_fallbacks(read(source)) == "{Brace} & Co: Hi you Reply STOP to end."


# What anybody may have written, and what templates there may be.
NASTY = st.sampled_from(
    ["see evil.example/x\n", "http://a.b", "bit.ly/x", "evil.com", "tel:+19005550100", "{town|x}",
     "a\u202eb", "a\u200bb", "{{", "}", "www.x.yz", "evil。com", "e\u0301vil.co\u0301m",
     "javascript:x",
     "x" * 500, "𠮷" * 60, "Ł" * 60, "€" * 60, "STOP", ".com", "com", "evil.", "0900 555 0100"]
)  # fmt: skip
ANSWERS = st.dictionaries(
    st.sampled_from(sorted(SLOTS)),
    st.text(max_size=60) | NASTY | st.integers() | st.booleans() | st.none() | st.floats()
    | st.dates().map(str) | st.sampled_from(SLOTS["branch"].choices) | st.lists(st.text()),
)  # fmt: skip
LITERALS = st.text(max_size=40) | st.sampled_from(
    [".", ". ", ".com ", " ", "://", "@", "/", "www.", "http:", "é", "ł", "€" * 70, "a" * 150, "я"]
)
FALLBACKS = st.text(min_size=1, max_size=12) | st.sampled_from(["friend", "łaskawy", "€€"])
PIECES = st.lists(
    LITERALS | st.builds(Placeholder, st.sampled_from([*SLOTS, "gone"]), FALLBACKS), max_size=5
)


@st.composite
def templates(draw) -> Template:
    """Any that can be read, in any of our languages."""
    pieces = draw(PIECES)
    language = draw(st.sampled_from(["en", "fr", "es", "de"]))
    try:
        return parse(Template("en", tuple(pieces)).source(), language=language)
    except UnreadableTemplate:
        return parse(" ".join(map(readable, pieces)), language=language)


def readable(piece: str | Placeholder) -> str:
    return escaped(piece) if isinstance(piece, str) else str(Placeholder(piece.code, "friend"))


@given(templates())
def test_what_is_written_reads_back_the_same(template):
    assert parse(template.source(), language=template.language) == template


@given(st.text(max_size=60))
def test_any_words_can_stand_in_a_template(words):
    assert with_fallbacks(read(escaped(words))) == words


@given(st.text(alphabet="{}|ab \n", max_size=12))
def test_any_text_is_either_read_or_its_faults_are_named(source):
    found = problems(source, {"a", "b"})
    lines = source.split("\n")
    for problem in found:
        assert lines[problem.line - 1][problem.character - 1] in "{}"
    if not found:
        assert parse(read(source).source(), language="en") == read(source)


INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def hidden(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in INVISIBLE and c not in "\u200c\u200d"]


def links(text: str) -> set[str]:
    return {run for run in re.findall(r"\S+", text) if looks_like_link(run)}


@given(templates(), ANSWERS)
@example(read("Hello {first_name|friend}. Bye"), {"first_name": "see evil.example/x\n"})
@example(read("www {first_name|x} com"), {"first_name": "evil.example"})
def test_no_answer_brings_a_link_a_line_a_brace_or_anything_hidden(template, answers):
    text, plain = fill(template, answers, SLOTS), with_fallbacks(template)
    assert links(text) <= links(plain)
    assert hidden(text) == hidden(plain)
    assert all(text.count(brace) <= plain.count(brace) for brace in "{}")
    own = [piece for piece in template.pieces if isinstance(piece, str)]
    assert len(text) <= sum(map(len, own)) + sum(
        max(40, len(each.fallback)) for each in template.placeholders
    )


ENDS = st.sampled_from(["com", "uk", "evil", "1", "a.", "x/"])
NAMES = st.fixed_dictionaries({"first_name": st.text("ab.1/@: -", max_size=9), "town": ENDS})
SEAMS = st.text("ab.1/@: ", max_size=4)


@given(SEAMS, SEAMS, SEAMS, NAMES)
def test_no_answer_becomes_a_link_with_what_stands_beside_it(before, between, after, answers):
    source = f"{before}{{first_name|x}}{between}{{town|y}}{after}"
    try:
        template = read(source)
    except UnreadableTemplate:
        return
    assert links(fill(template, answers, SLOTS)) <= links(with_fallbacks(template))


@given(templates(), ANSWERS)
def test_its_parts_lie_between_those_that_were_announced(template, answers):
    announced = range_of(template, SLOTS)
    assert announced.fewest <= parts(fill(template, answers, SLOTS)) <= announced.most
    assert announced.fewest <= parts(with_fallbacks(template)) <= announced.most


# Around the ends of parts, in both alphabets, where one unit more or less counts.
LONG = st.builds(
    lambda letter, number: letter * number, st.sampled_from("a€ł𠮷"), st.integers(0, 160)
)
LONG_NAMES = st.text("ał𠮷", max_size=1).flatmap(
    lambda first: st.builds(
        lambda letter, number: first + letter * number,
        st.sampled_from("ał𠮷"), st.sampled_from([1, 18, 19, 20, 38, 39, 40, 60]),
    )
)  # fmt: skip


@settings(max_examples=400)
@given(LONG, LONG, LONG_NAMES, st.sampled_from(["x", "ł", "a" * 45]), st.booleans())
def test_they_do_so_wherever_a_part_ends(before, after, name, fallback, is_known):
    template = read(f"{before} {{first_name|{fallback}}} {after}")
    text = fill(template, {"first_name": name} if is_known else {}, SLOTS)
    announced = range_of(template, SLOTS)
    assert announced.fewest <= parts(text) <= announced.most


@pytest.mark.parametrize("name", ["𠮷" * 20, "吉" + "𠮷" * 19 + "吉"])
@pytest.mark.parametrize("before", range(27, 66))
def test_a_pair_that_fits_into_no_part_is_in_the_announced_range(before, name):
    """One name falls awkwardly at each place where the first part may end."""
    template = read("ł" * before + " {first_name|x} " + "ł" * (92 - before))
    text = fill(template, {"first_name": name}, SLOTS)
    assert parts(text) <= range_of(template, SLOTS).most == 3
