from __future__ import annotations

import math

import pytest

from messaging.watching.exposition import Metric, render


def test_a_family_has_its_help_its_type_and_its_samples():
    metric = Metric(
        "texts", "gauge", "Texts.", [({"sender": "1", "lane": "system"}, 3), ({}, 0.25)]
    )
    assert render([metric]) == (
        '# HELP texts Texts.\n# TYPE texts gauge\ntexts{sender="1",lane="system"} 3\ntexts 0.25\n'
    )


def test_no_word_can_break_out_of_its_place():
    metric = Metric("texts", "counter", 'A \\ and\na "break"', [({"word": '\\"\n}'}, 1)])
    assert render([metric]).splitlines() == [
        '# HELP texts A \\\\ and\\na "break"',
        "# TYPE texts counter",
        'texts{word="\\\\\\"\\n}"} 1',
    ]


@pytest.mark.parametrize("name", ["", "1st", "Texts", "a-b", "a b", 'a"', "a\nb"])
def test_what_is_no_name_is_refused(name: str):
    with pytest.raises(ValueError, match="is no name"):
        render([Metric(name, "gauge", "")])
    with pytest.raises(ValueError, match="is no name"):
        render([Metric("texts", "gauge", "", [({name: "x"}, 1)])])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5_000_000, "5000000"), (1e22, "10000000000000000000000"), (0.1, "0.1"), (-3, "-3"),
        (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (True, "1"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_they_are_read(value: float, words: str):
    assert render([Metric("n", "gauge", "", [({}, value)])]).splitlines()[-1] == f"n {words}"


def test_a_family_without_samples_still_has_its_type():
    assert render([Metric("n", "gauge", "Nothing.")]) == "# HELP n Nothing.\n# TYPE n gauge\n"
