from __future__ import annotations

from dataclasses import replace

import pytest

from messaging.rules.content import (
    CONTENT_RULES,
    DraftFacts,
    HasAudience,
    HasText,
    NamesSender,
    PlaceholdersRead,
    PurposeIsTexted,
    SaysHowToStop,
    SenderInUse,
    ShortEnough,
    broken_rules,
)

FINE = DraftFacts(
    controller="Harbor Street Library",
    texts={"en": "Harbor Street Library: hello. Reply STOP to end."},
    parts={"en": 1},
    audience=1,
)


def test_a_good_draft_breaks_nothing():
    assert broken_rules(FINE) == []


@pytest.mark.parametrize(
    ("rule", "draft"),
    [
        (HasText(), replace(FINE, texts={})),
        (HasText(), replace(FINE, texts={"en": "  "})),
        (NamesSender(), replace(FINE, texts={"en": "Hello. Reply STOP to end."})),
        (NamesSender(), replace(FINE, controller="")),
        (SaysHowToStop(), replace(FINE, texts={"en": "Harbor Street Library never stops."})),
        (ShortEnough(), replace(FINE, parts={"en": 11})),
        (PurposeIsTexted(), replace(FINE, purpose_is_texted=False)),
        (SenderInUse(), replace(FINE, sender_is_active=False)),
        (HasAudience(), replace(FINE, audience=0)),
        (PlaceholdersRead(), replace(FINE, unreadable=("en: Line 1, character 7: …",))),
    ],
)
def test_each_rule_finds_its_own_fault(rule, draft):
    assert rule in broken_rules(draft)


def test_every_rule_says_what_should_hold():
    assert all(str(rule.sentence).endswith(".") for rule in CONTENT_RULES)
