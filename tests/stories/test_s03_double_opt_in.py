"""S3: double opt-in answered from the number itself; pending people get nothing else."""

from __future__ import annotations

import re

from django.utils import timezone

from consent.models import Consent, Standing
from consent.operations.expiry import close_old_confirmations
from subscribers.models import Subscriber
from tests import cast

BEATRICE = "+447700900103"


def code_in(text: str) -> str:
    return re.search(r"\b\d{6}\b", text)[0]


def test_yes_from_the_phone_confirms_and_is_welcomed_once(town):
    alice = town.join(cast.ALICE)
    assert Consent.objects.get(subscriber=alice).status == Standing.CONFIRMED
    assert len(town.phone(cast.ALICE).texts()) == 2


def test_the_code_typed_on_the_page_confirms_as_well(town):
    visitor = town.visitor()
    page = town.sign_up(BEATRICE, visitor=visitor)
    code = code_in(town.phone(BEATRICE).gets("reply YES"))
    page = visitor.send(page, page.form("code"), code=f"{code[:3]} {code[3:]}")
    assert page.address.endswith("/done/")
    assert "you are signed up" in town.phone(BEATRICE).gets("STOP to end")
    assert Consent.objects.get().status == Standing.CONFIRMED


def test_five_wrong_codes_spend_the_code_but_not_the_reply(town):
    visitor = town.visitor()
    page = town.sign_up(BEATRICE, visitor=visitor)
    right = code_in(town.phone(BEATRICE).gets("reply YES"))
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    answers = [visitor.send(page, page.form("code"), code=wrong) for _ in range(5)]
    spent = visitor.send(page, page.form("code"), code=right)
    assert {answer.status for answer in [*answers, spent]} == {422}
    assert len({answer.text for answer in [*answers, spent]}) == 1
    town.phone(BEATRICE).replies("yes!")
    town.phone(BEATRICE).gets("you are signed up")


def test_a_double_submit_leads_to_one_text_and_both_pages_work(town):
    visitor = town.visitor()
    town.sign_up(BEATRICE, visitor=visitor)
    page = town.sign_up(BEATRICE, visitor=visitor)
    code = code_in(town.phone(BEATRICE).gets("reply YES"))
    page = visitor.send(page, page.form("code"), code=code)
    assert page.address.endswith("/done/")
    town.phone(BEATRICE).gets("you are signed up")
    assert len(town.phone(BEATRICE).texts()) == 2


def test_whoever_never_answers_is_forgotten(town):
    town.sign_up(BEATRICE)
    town.phone(BEATRICE).gets("reply YES")
    close_old_confirmations(at=timezone.now() + 3 * cast.DAY)
    assert Subscriber.objects.reachable().count() == 1
    close_old_confirmations(at=timezone.now() + 8 * cast.DAY)
    assert Subscriber.objects.reachable().count() == 0
    assert not Subscriber.objects.with_number(BEATRICE).exists()


def test_no_declines_and_nothing_follows(town):
    town.sign_up(BEATRICE)
    phone = town.phone(BEATRICE)
    phone.gets("reply YES")
    phone.replies("NO")
    town.join(cast.ALICE)
    assert Consent.objects.get(subscriber__number_digest__isnull=False, status=Standing.DECLINED)
    town.run(cast.draft())
    assert len(phone.texts()) == 1
