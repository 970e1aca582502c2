from __future__ import annotations

import pytest

from consent.evidence_words import in_words
from tests import cast

pytestmark = pytest.mark.django_db


def test_boxes_are_named_by_their_purposes_in_the_order_of_the_form():
    news, offers = cast.news(), cast.offers()
    said = in_words({"boxes": {offers.code: False, news.code: True}})
    assert said == {"Boxes": f"{news.name}: ticked; {offers.name}: not ticked"}


def test_what_programs_write_is_said_in_words():
    said = in_words({"method": "reply by text", "language": "fr"})
    assert said == {"How": "by a reply from the phone", "Language": "Français"}


def test_moments_are_written_as_everywhere_on_the_page():
    assert in_words({"received_at": "2026-11-24T14:05:06+00:00"}) == {
        "Received at": "24 November 2026, 14:05"
    }


def test_what_is_not_known_stays_as_it_was_written():
    assert in_words({"method": "by owl", "received_at": "soon", "more": [1, True]}) == {
        "How": "by owl",
        "Received at": "soon",
        "Other: more": "1, yes",
    }


def test_whoever_checks_it_reads_it_as_it_was_written():
    proof = {"method": "reply by text", "received_at": "2026-11-24T14:05:06+00:00"}
    assert list(in_words(proof, for_the_person=False).values()) == list(proof.values())
