from __future__ import annotations

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from messaging.parts import BASIC, EXTENDED, Encoding, count, encoding, parts, parts_in, position

IN_GSM7 = st.text(alphabet=sorted(BASIC | EXTENDED), max_size=500)
# The code that announces the second table is no character; see below.
ANY = st.text(
    alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\x1b"), max_size=300
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("€" * 80, 1), ("€" * 81, 2), ("a" * 152 + "€" + "a" * 152, 3),
        ("я" * 70, 1), ("я" * 71, 2), ("🙂" * 35, 1), ("🙂" * 36, 2), ("🙂" * 66, 2),
        ("🙂" * 67, 3),
    ],
)  # fmt: skip
def test_it_counts_as_the_networks_do(text, expected):
    assert parts(text) == expected


def test_the_two_tables_are_those_of_the_standard():
    """3GPP TS 23.038, 6.2.1: 128 places, one of them the escape, and ten of the extension."""
    assert len(BASIC) == 127
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@pytest.mark.parametrize("letter", "èéùìòàÇÄÖÜÅÑÉÆØß")
def test_some_accents_are_short(letter):
    assert encoding(letter) is Encoding.GSM7


@pytest.mark.parametrize("letter", "çáíóúâêîôûÀÈÁ`’–…\u00a0\t\x1b")
def test_others_make_the_whole_text_long(letter):
    assert encoding(f"plain{letter}") is Encoding.UCS2
    assert count(f"plain {letter}{letter}").forcing == (letter,)


@given(IN_GSM7)
def test_it_agrees_with_an_independent_count_in_gsm7(text):
    assert parts(text) == max(1, len(smsutil.split(text).parts))


@given(ANY)
def test_it_agrees_with_an_independent_count_in_any_script(text):
    assert parts(text) == max(1, len(smsutil.split(text).parts))


def test_the_independent_count_takes_the_escape_code_for_a_character():
    """It is none in the standard: a phone would show a space, and no encoder writes it."""
    assert len(smsutil.split("a" * 159 + "\x1b").parts) == 1
    assert parts("a" * 159 + "\x1b") == 3


@given(ANY | IN_GSM7)
def test_what_is_left_still_fits_and_one_more_does_not(text):
    found = count(text)
    filler = "a" if found.encoding is Encoding.GSM7 else "я"
    assert (found.parts, found.encoding) == (parts(text), encoding(text))
    assert parts(text + filler * found.left) == found.parts
    assert parts(text + filler * (found.left + 1)) == found.parts + 1


@given(ANY)
def test_the_units_are_those_of_the_encoding(text):
    found = count(text)
    if found.encoding is Encoding.UCS2:
        assert found.units == len(text.encode("utf-16-be")) // 2
        assert found.forcing
    else:
        assert found.units == sum(2 if c in EXTENDED else 1 for c in text)
        assert found.forcing == ()


@given(ANY, st.integers(0, 400), st.integers(0, 400))
def test_a_text_that_starts_later_ends_no_earlier(text, one, other):
    """On this rests that the longest of every piece makes the longest text."""
    first, second = sorted((one, other))
    assert position(text, Encoding.UCS2, first) <= position(text, Encoding.UCS2, second)


@given(IN_GSM7)
def test_the_long_alphabet_never_takes_fewer_parts(text):
    assert parts_in(text, Encoding.UCS2) >= parts_in(text, Encoding.GSM7)
