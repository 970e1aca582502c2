"""S28: a new number counts when both numbers have answered."""

from __future__ import annotations

import re

from consent.models import Consent, EventKind, Standing
from subscribers.models import Subscriber
from tests import cast
from tests.stories.conftest import wait_until
from tests.stories.test_s24_own_page import open_with_code, open_with_link

NEW = cast.STRANGER


def ask_to_move(town, number: str):
    visitor, _ = open_with_code(town, cast.ALICE)
    page = visitor.get("/preferences/number/")
    return visitor, visitor.send(page, page.form("new number"), number=number)


def test_a_code_from_the_new_phone_moves_everything(town):
    alice = town.join(cast.ALICE)
    visitor, page = ask_to_move(town, NEW)
    code = re.search(r"code (\d{6})", town.phone(NEW).gets("on this number"))[1]
    page = visitor.send(page, page.form("code"), code=code)
    assert "Your texts go to the new number" in page.text
    assert "••99" in page.text
    town.run(cast.draft())
    town.phone(NEW).gets("Friday")
    assert not any("Friday" in text for text in town.phone(cast.ALICE).texts())
    assert alice.events.filter(kind=EventKind.NUMBER_CHANGED).count() == 1


def test_yes_from_the_new_phone_does_it_too_and_the_old_number_is_free(town):
    alice = town.join(cast.ALICE)
    old = re.search(r"http\S+/p/\S+/", town.phone(cast.ALICE).gets("you are signed up"))[0]
    visitor, _page = ask_to_move(town, NEW)
    town.phone(NEW).gets("on this number")
    town.phone(NEW).replies("YES")
    wait_until(lambda: Subscriber.objects.with_number(NEW).filter(pk=alice.pk).exists(), "the move")
    # Whoever has the old number next opens nothing of hers.
    late = town.visitor()
    page = late.get(old)
    assert "no longer works" in late.send(page, page.form("Open my page")).text
    assert visitor.get("/preferences/choices/").address.endswith("/preferences/")
    newcomer = town.join(cast.ALICE)
    assert newcomer != alice
    agreed = Consent.objects.filter(status=Standing.CONFIRMED)
    wait_until(lambda: agreed.filter(subscriber=newcomer).exists(), "the newcomer's yes")
    assert agreed.count() == 2


def test_nobody_learns_whether_we_know_the_new_number(town):
    town.join(cast.ALICE)
    town.join(cast.FRANK)
    town.join(cast.CAROL)
    town.phone(cast.FRANK).replies("STOP")
    town.phone(cast.FRANK).gets("no more texts")
    visitor, page = ask_to_move(town, NEW)
    pages = [page]
    for number in (cast.FRANK, cast.CAROL):
        page = visitor.get("/preferences/number/")
        pages.append(visitor.send(page, page.form("new number"), number=number))
    assert len({(page.status, page.address, page.text) for page in pages}) == 1
    assert not any("on this number" in text for text in town.phone(cast.FRANK).texts())


def test_a_forwarded_link_moves_nobody(town):
    town.join(cast.ALICE)
    visitor, _ = open_with_link(town, cast.ALICE)
    page = visitor.get("/preferences/number/")
    assert "One more code" in page.text
    page = visitor.send(page, page.form("Text me a code"))
    code = re.search(r"\d{6}", town.phone(cast.ALICE).gets("opens the page"))[0]
    page = visitor.send(page, page.form("code"), code=code)
    assert page.address.endswith("/preferences/number/")
    assert "Move to a new number" in page.text
