from __future__ import annotations

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from messaging.parts import BASIC, EXTENDED, Encoding, encoding, parts


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


def test_one_character_outside_the_table_makes_the_whole_text_wide():
    assert encoding("plain") == Encoding.GSM7
    assert encoding("pla\u00a0in") == Encoding.UCS2


@given(st.text(alphabet=sorted(BASIC | EXTENDED), max_size=500))
def test_it_agrees_with_an_independent_count_in_gsm7(text):
    assert parts(text) == max(1, len(smsutil.split(text).parts))


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=300))
def test_it_agrees_with_an_independent_count_in_any_script(text):
    assert parts(text) == max(1, len(smsutil.split(text).parts))
