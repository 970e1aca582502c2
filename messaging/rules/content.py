"""Rules about a campaign's words and settings, asked before a second person approves it.

The same shape as the rules of the gate, over a draft instead of a person. They stand in
`content_words`, `content_links` and `content_sending`; the tuple here puts them in force.
"""

from __future__ import annotations

from messaging.rules.content_links import NoForbiddenLinks, NoLinkShorteners, OwnLinksOnly
from messaging.rules.content_sending import (
    HasAudience,
    PurposeIsTexted,
    SenderHasRate,
    SenderInUse,
    SenderReachesAudience,
    ShortEnough,
)
from messaging.rules.content_words import (
    HOW_TO_STOP,
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
from messaging.rules.drafts import ContentRule, DraftFacts

__all__ = ["CONTENT_RULES", "HOW_TO_STOP", "ContentRule", "DraftFacts", "broken_rules"]

CONTENT_RULES: tuple[ContentRule, ...] = (
    HasText(),
    NamesSender(),
    SaysHowToStop(),
    JurisdictionPrefix(),
    HasRequiredWords(),
    NoForbiddenLinks(),
    NoLinkShorteners(),
    OwnLinksOnly(),
    NotShouting(),
    NoMisleadingUrgency(),
    PurposeFits(),
    ShortEnough(),
    PurposeIsTexted(),
    SenderInUse(),
    SenderHasRate(),
    HasAudience(),
    SenderReachesAudience(),
    PlaceholdersRead(),
)


def broken_rules(draft: DraftFacts) -> list[ContentRule]:
    """The content rules that this draft does not keep."""
    return [rule for rule in CONTENT_RULES if not rule.holds(draft)]
