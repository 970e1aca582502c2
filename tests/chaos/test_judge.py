"""The judge of the storms sees what it is there to see."""

from __future__ import annotations

import pytest

from tests.chaos import judge
from tests.chaos.judge import Row, Taken, Verdict

ALICE, BOB = "+447700900001", "+447700900002"


def text(at: float = 0.0, number: str = ALICE, **more: str) -> Taken:
    told = {"sender": "Library", "reference": "r1", "note": "0-0", "purpose": "news"}
    return Taken(at=at, number=number, **told | more)


def breaches(look, *about, **more) -> list[str]:
    verdict = Verdict()
    look(verdict, *about, **more)
    return verdict.breaches


def rate(moments: list[float], losses: list[float]) -> list[str]:
    texts = [text(at) for at in moments]
    return breaches(judge.rate_kept, texts, rate=1, burst=2, cache_losses=losses)


def test_a_reference_taken_twice():
    twice = [text(), text(note="0-1", number=BOB)]
    assert breaches(judge.nothing_twice, twice) == ["nothing twice: reference r1"]


def test_a_campaign_twice_to_one_person():
    twice = [text(), text(reference="r2")]
    assert breaches(judge.nothing_twice, twice) == ["nothing twice: …0001 got note 0-0"]


def test_someone_without_a_row_and_a_row_without_an_outcome():
    rows = [Row("r1", "0-0", "queued")]
    found = breaches(judge.nobody_lost, rows, {"0-0": 2})
    assert found == [
        "nobody lost: note 0-0: 1 rows for 2 people",
        "nobody lost: note 0-0: a row is still queued",
    ]


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        ([text()], [Row("r1", "0-0", "withheld")]),
        ([text()], []),
        ([], [Row("r1", "0-0", "accepted")]),
    ],
)
def test_a_row_that_lies(texts, rows):
    assert len(breaches(judge.rows_tell_the_truth, texts, rows)) == 1


def test_a_text_without_consent():
    assert len(breaches(judge.nobody_unasked, [text()], {ALICE})) == 1


@pytest.mark.parametrize("key", [(ALICE, ""), (ALICE, "news")])
def test_a_text_after_the_no(key):
    assert len(breaches(judge.silence_after_no, [text(2.0)], {key: 1.5})) == 1


@pytest.mark.parametrize(
    ("key", "at"), [((ALICE, ""), 3.0), ((ALICE, "offers"), 1.0), ((BOB, ""), 1.0)]
)
def test_another_no_or_a_later_one_is_not_meant(key, at):
    assert breaches(judge.silence_after_no, [text(2.0)], {key: at}) == []


def test_one_text_too_many_about_a_purpose():
    two = [text(note=note, purpose="offers") for note in ("0-1", "0-2")]
    assert breaches(judge.caps_kept, two) == ["caps: …0001 got 2 texts about offers"]


def test_one_text_too_many_in_a_day():
    four = [text(note=f"0-{nth}") for nth in range(4)]
    assert breaches(judge.caps_kept, four) == ["caps: …0001 got 4 texts in a day"]


def test_a_rate_above_the_burst():
    """One a second, two at once, and a second for late starts: three in no time are the most."""
    assert rate([0.0, 0.1, 0.1], []) == []
    assert rate([0.0, 0.0, 0.1, 0.1], []) == ["rate: Library: 4 texts in 0.10 s"]


def test_a_lost_cache_excuses_one_burst():
    assert rate([0.0, 0.0, 0.1, 0.1, 0.1, 0.1], [0.05]) == []
    assert rate([0.0] * 7, [0.0]) != []
    assert rate([0.0, 0.0, 0.1, 0.1], [9.0]) != []


def test_a_deadlock():
    assert len(breaches(judge.no_deadlock, 1)) == 1


def test_a_number_in_a_log():
    found = breaches(judge.no_number_in_logs, {"bulk1": f"sent to {ALICE}"}, [ALICE, BOB])
    assert found == ["no number in a log: bulk1 has …0001"]
