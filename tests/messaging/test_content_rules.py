from __future__ import annotations

from dataclasses import replace

import pytest

from messaging.checklist import SHORTEST_REASON, checklist
from messaging.rules.content import CONTENT_RULES, DraftFacts, broken_rules
from messaging.rules.content_links import NoForbiddenLinks, NoLinkShorteners, OwnLinksOnly, hosts
from messaging.rules.content_sending import (
    HasAudience,
    PurposeIsTexted,
    SenderHasRate,
    SenderInUse,
    SenderReachesAudience,
    ShortEnough,
)
from messaging.rules.content_words import (
    HasRequiredWords,
    HasText,
    JurisdictionPrefix,
    NamesSender,
    NoMisleadingUrgency,
    NotShouting,
    PlaceholdersRead,
    PurposeFits,
    SaysHowToStop,
)

FINE = DraftFacts(
    controller="Harbor Street Library",
    texts={"en": "Harbor Street Library: hello. Reply STOP to end."},
    parts={"en": 1},
    audience=1,
    own_hosts=frozenset({"library.example"}),
)
SERVICE = replace(FINE, is_service=True)
NO_LINKS = replace(FINE, forbids_links=True)


def says(words: str, language: str = "en", facts: DraftFacts = FINE) -> DraftFacts:
    return replace(facts, texts={language: f"Harbor Street Library: {words} Reply STOP to end."})


def asks(*groups: tuple[str, ...], text: str) -> DraftFacts:
    return replace(FINE, prefixes=groups, texts={"en": text})


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
        (JurisdictionPrefix(), asks(("[QC]", "[AD]"), text="Hello")),
        (JurisdictionPrefix(), asks(("[QC]", "[AD]"), text="Hello [QC]")),
        (JurisdictionPrefix(), asks(("[QC]", "[AD]"), ("<ADV>",), text="[QC] Hello")),
        (HasRequiredWords(), replace(FINE, required_words=("publi",))),
        (NoForbiddenLinks(), says("See https://library.example/x.", facts=NO_LINKS)),
        (NoLinkShorteners(), says("See bit.ly/3xYz.")),
        (NoLinkShorteners(), says("See https://www.TinyURL.com/abc")),
        (NoLinkShorteners(), says("See ｂit。ly/3xYz")),
        (OwnLinksOnly(), says("See elsewhere.example.")),
        (OwnLinksOnly(), says("See https://library.example.evil.example/")),
        (OwnLinksOnly(), says("See https://library.example@evil.example/")),
        (NotShouting(), says("OPEN LATE on Friday.")),
        (NotShouting(), says("Open late!!! On Friday.")),
        (NoMisleadingUrgency(), says("FINAL NOTICE.")),
        (NoMisleadingUrgency(), says("Your account has been suspended.")),
        (NoMisleadingUrgency(), says("Act  now or it is gone.")),
        (NoMisleadingUrgency(), says("You’ve won a book.")),
        (NoMisleadingUrgency(), says("Dernière chance !", "fr")),
        (NoMisleadingUrgency(), says("Ultimo aviso.", "es")),
        (NoMisleadingUrgency(), says("Último aviso.", "en")),
        (NoMisleadingUrgency(), says("Ihr Konto wurde gesperrt.", "de")),
        (PurposeFits(), says("Summer sale.", facts=SERVICE)),
        (PurposeFits(), says("All books 20 % off.", facts=SERVICE)),
        (PurposeFits(), says("Les soldes commencent.", "fr", SERVICE)),
        (PurposeFits(), says("Descuentos para ti.", "es", SERVICE)),
        (PurposeFits(), says("Ihr Gutscheincode wartet.", "de", SERVICE)),
        (ShortEnough(), replace(FINE, parts={"en": 11})),
        (PurposeIsTexted(), replace(FINE, purpose_is_texted=False)),
        (SenderInUse(), replace(FINE, sender_is_active=False)),
        (SenderHasRate(), replace(FINE, parts_per_second=0.0)),
        (HasAudience(), replace(FINE, audience=0)),
        (PlaceholdersRead(), replace(FINE, unreadable=("en: Line 1, character 7: …",))),
        (SenderReachesAudience(), replace(FINE, out_of_reach=frozenset({"FR"}))),
    ],
)  # fmt: skip
def test_each_rule_finds_its_own_fault(rule, draft):
    assert rule in broken_rules(draft)


@pytest.mark.parametrize(
    ("rule", "draft"),
    [
        (JurisdictionPrefix(), asks(("[QC]", "[AD]"), text="[AD] Hello")),
        (JurisdictionPrefix(), asks(("[QC]", "[AD]"), ("<ADV>",), text="<ADV> [QC] Hello")),
        (HasRequiredWords(), says("Publi.", facts=replace(FINE, required_words=("publi",)))),
        (NoForbiddenLinks(), says("See https://library.example/x.")),
        (NoForbiddenLinks(), says("Open late.", facts=replace(FINE, forbids_links=True))),
        (NoLinkShorteners(), says("See orbit.ly/x.")),
        (OwnLinksOnly(), says("See https://library.example/x and www.library.example.")),
        (OwnLinksOnly(), says("Write to help@elsewhere.example or call.")),
        (OwnLinksOnly(), says("Open late.On Friday too, from 9.30 to 18.00.")),
        (NotShouting(), says("Open late on Friday!! NASA comes.")),
        (NotShouting(), replace(FINE, controller="UNICEF", texts={"en": "UNICEF: hi. STOP ends."})),
        (NoMisleadingUrgency(), says("The match is at eight. Your account is open.")),
        (PurposeFits(), says("Summer sale, 20 % off.")),
        (PurposeFits(), says("El tren sale a las diez.", "es", SERVICE)),
        (PurposeFits(), says("The concert is sold out. Ausverkauft.", "de", SERVICE)),
        (ShortEnough(), replace(FINE, parts={"en": 10})),
        (SenderReachesAudience(), replace(FINE, countries=frozenset({"FR"}))),
    ],
)  # fmt: skip
def test_each_rule_lets_be_what_it_permits(rule, draft):
    assert rule.holds(draft)


def test_every_rule_says_what_should_hold_and_what_to_do():
    assert all(str(rule.sentence).endswith(".") for rule in CONTENT_RULES)
    assert all(str(rule.advice).endswith(".") for rule in CONTENT_RULES)
    codes = [rule.code for rule in CONTENT_RULES]
    assert len(codes) == len(set(codes))


def test_what_breaks_a_rule_is_quoted():
    lines = {line.rule.code: line for line in checklist(says("LAST CHANCE, see bit.ly/x"), {})}
    assert lines["misleading_urgency"].faults == ["“last chance” (en)"]
    assert lines["shared_shortener"].faults == ["“bit.ly” (en)"]
    assert lines["no_text"].faults == []


def test_a_reason_settles_only_a_rule_that_asks():
    draft = says("Last chance: see bit.ly/x")
    reason = "x" * SHORTEST_REASON
    reasons = {"misleading_urgency": reason, "shared_shortener": reason}
    lines = {line.rule.code: line for line in checklist(draft, reasons)}
    assert lines["misleading_urgency"].is_settled
    assert not lines["shared_shortener"].is_settled
    short = checklist(draft, {"misleading_urgency": f" {reason[1:]} "})
    assert not all(line.is_settled for line in short if line.rule.code == "misleading_urgency")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://a.example/x?y=1 and http://b.example:8000.", ["a.example", "b.example"]),
        ("www.museum.museum", ["www.museum.museum"]),
        ("t.me/x, shop.example, a@b.example", ["t.me", "shop.example"]),
        ("http://10.0.0.1/x", ["10.0.0.1"]),
        ("At 9.30, vol.2, e.g. this one.", []),
    ],
)
def test_links_are_what_phones_make_of_a_text(text, found):
    assert list(hosts(text)) == found
