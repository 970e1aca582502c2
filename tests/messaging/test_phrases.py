"""What sentences mean: a plain no, perhaps a no, or neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sample.words import CHATTER, UNCLEAR
from messaging.keywords import meaning
from messaging.models import Meaning
from messaging.phrases import MISTYPED, OFTEN_MISTYPED


@pytest.mark.parametrize(
    "text",
    [
        "Please stopppp",
        "STOPPP",
        "enough now 🛑",
        "\U0001f6d1",
        "please don't send me messages",
        "Leave me alone, goodbye",
        "cease and desist all communications",
        "remove me please",
        "Please take me off this list.",
        "take me off",
        "Take me off your texting list!",
        "lose my number",
        "how do I unsubscribe?",
        "Don\u2019t contact me",
        "delete my number",
        "delete my data",
        "I opt out",
        "Stop texting me!!",
        "stop all messages",
        "stop this now",
        "stop it",
        "no more texts please",
        "wrong number",
        "not interested",
        "I revoke my consent",
        "I'll report you",
        "No mas",
        "Bitte keine SMS mehr",
        "Melden Sie mich ab",
        "Arrêtez de m'envoyer des SMS",
        "Ne m'écrivez plus",
        "quiero darme de baja",
        "Não envie mais",
        "Non scrivetemi più",
        "Thanks for the book. Now stop texting me.",
        "I'll stop by, but stop messaging me",
    ],
)
def test_a_plain_no_holds_at_once(text):
    assert meaning(text) == Meaning.STOP


@pytest.mark.parametrize(
    "text",
    [
        *UNCLEAR,
        "Stpo",
        "sotp",
        "unsuscribe",
        "who is this?",
        "no thank you",
        "cancel my Tuesday appointment",
        "I have to cancel",
        "take me off the waiting list for the book",
        "I never signed up",
        "too many texts",
        "this looks like a scam",
        "Could you stop it being so loud in the hall?",
        "abmeldung",
        "I don't want these",
    ],
)
def test_what_may_be_a_no_is_unclear(text):
    assert meaning(text) == Meaning.UNCLEAR


@pytest.mark.parametrize(
    "text",
    [
        *CHATTER,
        "I'll stop by the store",
        "don't stop",
        "can't stop laughing",
        "non-stop",
        "Which bus stop is it?",
        "Stop & Shop",
        "when does it end?",
        "end of month",
        "weekend",
        "quit smoking tips please",
        "will it end now?",
        "I quit my job, new address",
        "yes stop by at 5",
        "help me stop smoking",
        "where is the bus stop",
        "es muy alto",
        "baja el precio?",
        "fin de semana",
        "vou sair",
        "para amanhã",
        "arrêt de bus",
        "basta sapere",
        "am Ende",
        "shop",
        "step",
        "please don't remove me",
        "it went to my spam folder",
        "Is Friday cancelled?",
        "So many people came, lovely",
        "I don't want to miss it",
        "We get lost in books",
    ],
)
def test_false_friends_change_nothing(text):
    assert meaning(text) == Meaning.OTHER


def test_a_slip_of_the_thumb_is_one_letter():
    assert {"stpo", "sop", "stip", "stoop", "sstop"} - MISTYPED == {"sop"}
    assert MISTYPED.isdisjoint({"sort", "posts", "spot", "soap"})
    assert set(OFTEN_MISTYPED) - {"stop"} <= MISTYPED


@given(st.text(alphabet=st.sampled_from("stop neo'.\u2019 \n!"), max_size=60))
def test_no_text_made_of_such_letters_breaks_it(text):
    assert meaning(text) in Meaning
