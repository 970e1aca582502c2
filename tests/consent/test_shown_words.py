"""The evidence has every word that stood on the page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from consent.ledger import evidence
from consent.models import ConsentEvent, EventKind, SignupForm
from consent.shown_words import visible_text
from messaging.models import Message
from messaging.texts import text_of
from subscribers.models import Attribute
from tests import cast

pytestmark = pytest.mark.django_db
PAGE = "/signup/news/"


@pytest.fixture
def form() -> SignupForm:
    form = cast.signup_form()
    form.introduction = "Know when we're open late."
    form.save()
    form.attributes.add(
        Attribute.objects.create(
            code="branch",
            label="Your branch",
            kind="choice",
            choices=["North", "Mill Lane"],
            reason="So that you hear about the branch you go to.",
        )
    )
    cast.sender()
    return form


def lines_on(page: str) -> list[str]:
    """The visible text of the real page's content, found without any code of ours."""
    main = re.search(r"<main.*?</main>", page, re.DOTALL)[0]
    main = re.sub(r'<div class="nobody">.*?</div>', "", main, flags=re.DOTALL)
    texts = (" ".join(unescape(text).split()) for text in re.split(r"<[^>]*>", main))
    return [text for text in texts if text]


def sign_up(client: Client) -> str:
    page = client.get(PAGE).content.decode()
    words = re.search(r'name="words" value="([0-9a-f]{64})"', page)[1]
    boxes = re.findall(r'name="purposes" value="(\d+)"', page)
    typed = {
        "words": words, "age": "old_enough", "number": cast.ALICE, "language": "en",
        "purposes": boxes[0], "attribute_branch": "North",
    }  # fmt: skip
    answer = client.post(PAGE, typed)
    assert answer.status_code == 303, answer.content.decode()
    return answer["Location"]


def test_the_signup_page_is_kept_to_the_last_word(client: Client, form):
    page = client.get(PAGE).content.decode()
    sign_up(client)
    shown = str(evidence(ConsentEvent.objects.get())["shown_text"])
    lines = lines_on(page)
    assert len(lines) > 40
    assert [line for line in lines if line not in shown] == []
    for words in (
        "How old are you?",
        "North",
        "Send me the confirmation text",
        "Nothing is ticked",
    ):
        assert words in shown


def test_the_confirm_page_is_kept_to_the_last_word(client: Client, form):
    address = sign_up(client)
    page = client.get(address).content.decode()
    code = re.search(r"\b\d{6}\b", text_of(Message.objects.get()))[0]
    Message.objects.get().subscriber.confirmations.update(text_left_at=cast.NOON)
    assert client.post(address, {"code": code}).status_code == 303
    shown = str(evidence(ConsentEvent.objects.get(kind=EventKind.CONFIRMED))["shown_text"])
    assert [line for line in lines_on(page) if line not in shown] == []
    assert address.split("/")[2] not in shown


def test_words_that_change_between_showing_and_answering_do_not_count(client: Client, form):
    page = client.get(PAGE).content.decode()
    words = re.search(r'name="words" value="([0-9a-f]{64})"', page)[1]
    SignupForm.objects.update(introduction="Something else.")
    typed = {"words": words, "age": "old_enough", "number": cast.ALICE, "language": "en"}
    answer = client.post(PAGE, typed)
    assert (answer.status_code, ConsentEvent.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One <b>two</b>\nthree</p><p>four</p>", "One two three\nfour"),
        ("<input type=checkbox><label>Yes</label>", "[ ] Yes"),
        ("<div class='a nobody'><p>no</p></div><p>yes", "yes"),
        ("<script>no</script>&amp;yes", "&yes"),
    ],
)
def test_text_is_what_can_be_seen(html, text):
    assert visible_text(html) == text
