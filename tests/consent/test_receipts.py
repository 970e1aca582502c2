from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from consent.models import ConsentEvent, EventKind
from consent.operations.sealing import seal
from consent.receipt_checks import LONGEST, Verdict, check_receipt
from consent.receipts import Receipt, receipt_of, receipted
from tests import cast

pytestmark = pytest.mark.django_db
OTHERS = ("x", "", 7, 0, None, True, False, [], {"x": 1})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def sealed_receipt() -> Receipt:
    """Alice's, in a log with other people's entries before and after it."""
    cast.carol()
    alice = cast.alice()
    cast.frank()
    seal(at=cast.NOON + cast.DAY)
    return receipt_of(receipted(alice).get())


def verdict(content: Any) -> Verdict:
    return check_receipt(json.dumps(content)).verdict


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value that holds no others."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        place
        for name, each in inner
        for place in (places(each, (*at, name)) if isinstance(each, dict | list) else [(*at, name)])
    ]


def changed(content: Any, place: tuple[Any, ...], to: Any) -> Any:
    copy = inner = json.loads(json.dumps(content))
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = to
    return copy


def value_at(content: Any, place: tuple[Any, ...]) -> Any:
    for name in place:
        content = content[name]
    return content


def test_a_receipt_is_valid_as_it_was_given():
    receipt = sealed_receipt()
    assert check_receipt(receipt.as_json).verdict == Verdict.VALID
    assert verdict(receipt.content) == Verdict.VALID


def test_it_stays_valid_while_the_log_grows():
    receipt = sealed_receipt()
    cast.confirmed("+447700900321")
    seal(at=cast.NOON + 2 * cast.DAY)
    assert verdict(receipt.content) == Verdict.VALID


def test_it_names_no_number_and_holds_the_words():
    receipt = sealed_receipt()
    assert "7700900" not in receipt.as_json
    assert receipt.words["stop"] == "Words about stop. Reply STOP."
    assert receipt.purpose["statement"] == "Yes, text me about opening hours and events"
    assert receipt.content["events"][0]["event_state"] == "ConsentGiven"


def test_a_change_anywhere_is_seen():
    content = sealed_receipt().content
    for place in places(content):
        is_there = json.dumps(value_at(content, place))
        others = [each for each in OTHERS if json.dumps(each) != is_there]
        for other in others:
            assert verdict(changed(content, place, other)) != Verdict.VALID, place


def test_a_value_left_out_or_added_is_seen():
    content = sealed_receipt().content
    for name in content:
        assert verdict({k: v for k, v in content.items() if k != name}) != Verdict.VALID
    assert verdict({**content, "note": "and offers, too"}) == Verdict.CHANGED


def test_the_same_number_written_otherwise_is_seen():
    text = json.dumps(sealed_receipt().content)
    assert check_receipt(text.replace('"tree_size": ', '"tree_size": 1')).verdict != Verdict.VALID
    assert check_receipt(text.replace('"promised_texts": 4', '"promised_texts": 4.0')).verdict != (
        Verdict.VALID
    )


def test_a_name_twice_is_refused():
    text = json.dumps(sealed_receipt().content)
    twice = text.replace('"language": "en"', '"language": "en", "language": "en"')
    assert check_receipt(twice).verdict == Verdict.UNREADABLE


@pytest.mark.parametrize(
    ("place", "other", "named"),
    [
        (("events", 0, "event_time"), "2020-01-01T00:00:00Z", "events[0].event_time"),
        (
            ("processing", "purposes", 0, "promised_texts"),
            400,
            "processing.purposes[0].promised_texts",
        ),
        (
            ("processing", "privacy_notice", "words", "stop"),
            "Never.",
            "processing.privacy_notice.words.stop",
        ),
        (("proof", "notice", "words", "stop"), "Never.", "proof.notice.words.stop"),
        (("proof", "log", "leaf_index"), 0, "proof.log"),
    ],
)
def test_what_was_changed_is_named(place, other, named):
    checked = check_receipt(json.dumps(changed(sealed_receipt().content, place, other)))
    assert (checked.verdict, checked.changed_at) == (Verdict.CHANGED, named)


def test_before_the_seal_it_says_so():
    alice = cast.alice()
    receipt = receipt_of(receipted(alice).get())
    assert receipt.proof is None
    assert verdict(receipt.content) == Verdict.NOT_SEALED
    assert verdict(changed(receipt.content, ("header", "record_id"), "x")) == Verdict.CHANGED


def test_a_receipt_of_another_log_is_not_ours(settings):
    content = sealed_receipt().content
    other = "11111111-1111-4111-8111-111111111111"
    text = json.dumps(content).replace(content["header"]["record_id"], other)
    assert check_receipt(text).verdict == Verdict.NOT_OURS
    assert check_receipt(text).findings.inclusion is False
    settings.LEDGER_SIGNING_KEY = "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28="
    assert check_receipt(text).findings.signature is False


def test_without_keys_it_says_that_it_cannot_check(settings, client: Client):
    receipt = sealed_receipt()
    settings.LEDGER_SIGNING_KEY, settings.LEDGER_VERIFIER_KEYS = "", []
    assert verdict(receipt.content) == Verdict.NO_KEYS
    page = client.post("/receipts/check/", {"text": receipt.as_json}).content.decode()
    assert "Cannot be checked here" in page
    assert ">Changed<" not in page


def test_a_withdrawal_makes_no_receipt():
    carol = cast.carol()
    assert [event.kind for event in receipted(carol)] == [EventKind.CONFIRMED]


def test_our_own_log_is_not_believed_over_a_signed_receipt(monkeypatch):
    receipt = sealed_receipt()
    monkeypatch.setattr("consent.receipt_checks._log_agrees", lambda leaf, place: False)
    assert verdict(receipt.content) == Verdict.CONTRADICTED


def test_the_printed_code_is_looked_up():
    receipt = sealed_receipt()
    assert check_receipt(receipt.code).verdict == Verdict.CODE_IN_LOG
    assert check_receipt(receipt.code.replace("leaf ", "leaf 1")).verdict == Verdict.NOT_OURS
    assert ConsentEvent.objects.exists()


def test_the_check_page_never_fails(client: Client):
    receipt = sealed_receipt()
    page = client.post("/receipts/check/", {"text": receipt.as_json})
    assert ">Valid<" in page.content.decode()
    for text, status in [("", 422), ("\0", 422), ("{", 200), ("x" * (LONGEST + 1), 422)]:
        assert client.post("/receipts/check/", {"text": text}).status_code == status


NESTED_PLACES = [
    ("proof", "header", "kind"),
    ("proof", "header"),
    ("proof", "log", "checkpoint"),
    ("proof", "log", "inclusion_path"),
    ("proof", "notice", "words", "stop"),
    ("processing", "privacy_notice", "words", "stop"),
    ("receipt", "receipt_id"),
    ("events",),
]
# Around the recursion limit of Python, and far beyond it.
DEPTHS = [*range(1, 30, 4), *range(30, 1100, 29), *range(1100, 60_000, 9_999)]


def test_nesting_of_any_depth_is_judged(client: Client):
    content = sealed_receipt().content
    for place in NESTED_PLACES:
        text = json.dumps(changed(content, place, "@@"))
        for depth in DEPTHS:
            for opened, closed in (("[", "]"), ('{"a":', "}")):
                deep = opened * depth + "1" + closed * depth
                found = check_receipt(text.replace('"@@"', deep)).verdict
                assert found in (Verdict.UNREADABLE, Verdict.CHANGED), (place, depth)
    answer = client.post("/receipts/check/", {"text": text.replace('"@@"', "[" * 900 + "]" * 900)})
    assert (answer.status_code, "Not a receipt" in answer.content.decode()) == (200, True)


ODD_VALUES = [
    "[" + "1," * 60_000 + "1]",
    '[{"a":1}' + ',{"a":1}' * 20_000 + "]",
    "9" * 4_000,
    "9" * 5_000,
    "-" + "9" * 4_299,
    "1e308",
    "1e309",
    "-1E+99999",
    "NaN",
    "Infinity",
    "-Infinity",
    '{"a":1,"a":1}',
    '"\\ud800"',
    '"\\u0000"',
    '"[[[[[[[[[[[[[[[[[[[[["',
]


def test_odd_values_are_judged():
    content = sealed_receipt().content
    for place in NESTED_PLACES:
        text = json.dumps(changed(content, place, "@@"))
        for value in ODD_VALUES:
            found = check_receipt(text.replace('"@@"', value)).verdict
            assert found in (Verdict.UNREADABLE, Verdict.CHANGED), (place, value[:20])


class AnyText(TestCase):
    """Each example in a transaction of its own."""

    @settings(max_examples=150, deadline=None)
    @given(st.text())
    def test_any_text_is_judged(self, text: str) -> None:
        assert check_receipt(text).verdict == Verdict.UNREADABLE

    @settings(max_examples=150, deadline=None)
    @given(JSON)
    def test_any_json_is_judged(self, value: Any) -> None:
        dressed = {"receipt": {"schema_version": "yeslist-receipt-1"}, "proof": value}
        for each in (value, dressed):
            assert verdict(each) in (Verdict.UNREADABLE, Verdict.NOT_OURS)

    @settings(max_examples=150, deadline=None)
    @given(JSON, JSON, JSON, st.binary(max_size=40))
    def test_any_proof_is_judged(self, header: Any, notice: Any, log: Any, body: bytes) -> None:
        proof = {"header": {"id": header}, "notice": {"x": notice}, "body_hash": body.hex()}
        for place in (log, {"checkpoint": log, "leaf_index": notice, "inclusion_path": header}):
            value = {
                "receipt": {"schema_version": "yeslist-receipt-1"},
                "proof": {**proof, "log": place},
            }
            assert verdict(value) in (Verdict.UNREADABLE, Verdict.NOT_OURS)
