"""Each yes has a receipt that the person keeps and anybody can check."""

from __future__ import annotations

import re

from consent.models import EventKind
from tests import cast
from tests.stories.conftest import wait_until
from tests.stories.test_s24_own_page import open_with_link


def receipt_page(town):
    """Alice's newest receipt, once it is sealed."""
    visitor, page = open_with_link(town, cast.ALICE)
    address = re.search(r"/preferences/choices/receipts/[0-9a-f-]{36}/", page.html)[0]

    def sealed():
        page = visitor.get(address)
        return page if "Download the receipt" in page.text else None

    return visitor, wait_until(sealed, "the seal")


def test_she_reads_it_keeps_it_and_a_stranger_finds_it_valid(town):
    town.join(cast.ALICE)
    visitor, page = receipt_page(town)
    for words in ("Opening hours and events", "At most 4 texts in 30 days", "Words about stop."):
        assert words in page.text
    receipt = visitor.get(page.address + "receipt.json").html
    assert cast.ALICE[-7:] not in receipt + page.html
    stranger = town.visitor()
    form = stranger.get("/receipts/check/")
    answer = stranger.send(form, form.form("Check it"), text=receipt)
    assert "Valid" in answer.text
    assert "Our signature is under it." in answer.text
    forged = stranger.send(
        form,
        form.form("Check it"),
        text=receipt.replace('"promised_texts": 4', '"promised_texts": 9'),
    )
    assert "Changed" in forged.text
    assert "promised_texts" in forged.text


def test_the_printed_square_holds_digest_and_place_and_opens_nothing(town):
    town.join(cast.ALICE)
    visitor, page = receipt_page(town)
    drawing = visitor.get(page.address + "code.svg")
    assert drawing.html.startswith("<?xml") or drawing.html.startswith("<svg")
    assert "style=" not in page.html


def test_nobody_else_reads_it(town):
    alice = town.join(cast.ALICE)
    town.join(cast.FRANK)
    event = alice.events.get(kind=EventKind.CONFIRMED).pk
    for ending in ("", "receipt.json", "code.svg"):
        address = f"/preferences/choices/receipts/{event}/{ending}"
        assert town.visitor().get(address).address.endswith("/preferences/")
        frank, _page = open_with_link(town, cast.FRANK)
        assert frank.get(address).status == 404
