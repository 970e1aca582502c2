from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.keywords import MEANINGS, meaning, normalize
from messaging.models import Meaning


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", '"STOP"', "STOP!!!", "stopall", "Stop all", "UNSUBSCRIBE", "end",
        "Quit", "cancel", "REVOKE", "optout", "opt out", "Opt-Out", "ARRÊT", "arret", "ＳＴＯＰ",
        "İPTAL", "iptal", "СТОП", "إلغاء", "بند".replace("بند", "توقف"), "退订", "停止", "수신거부",
        "बंद करो", "stop2quit", "Reply STOP", "\u200eSTOP\u200e",
    ],
)  # fmt: skip
def test_it_understands_stop_in_many_words(text):
    assert meaning(text) == Meaning.STOP


@pytest.mark.parametrize(
    "text",
    [
        "I'll stop by the store", "don't stop", "when does it end?", "weekend", "non-stop",
        "cancel my Tuesday appointment", "es muy alto", "vou sair", "", "🙂", "PARA", "no",
    ],
)  # fmt: skip
def test_it_does_not_hear_stop_where_nobody_said_it(text):
    assert meaning(text) != Meaning.STOP


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yes", Meaning.YES), ("Y", Meaning.YES), ("Yes please!", Meaning.YES),
        ("oui", Meaning.YES),
        ("START", Meaning.START), ("join", Meaning.START), ("UNSTOP", Meaning.START),
        ("help", Meaning.HELP), ("Info?", Meaning.HELP), ("No.", Meaning.NO),
        ("When do you open?", Meaning.OTHER),
    ],
)  # fmt: skip
def test_it_tells_the_other_words_apart(text, said):
    assert meaning(text) == said


def test_no_word_means_two_things():
    words = [word for said in MEANINGS.values() for word in said]
    assert len(words) == len(set(words))


@given(st.text())
def test_any_text_has_a_meaning_and_normalizing_twice_changes_nothing(text):
    assert meaning(text) in Meaning
    assert normalize(normalize(text)) == normalize(text)
