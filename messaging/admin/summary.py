"""What a campaign would do, for whoever is about to let it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from messaging.approvals import content_hash
from messaging.audience import Forecast, forecast, rule_of
from messaging.composition import text_by_language
from messaging.models import Campaign
from messaging.operations.campaigns import problems
from messaging.parts import Encoding, encoding, parts
from subscribers.segments import InvalidRule, describe


@dataclass(frozen=True)
class Preview:
    """One text as phones will show it."""

    language: str
    text: str
    parts: int
    characters: int
    is_long_alphabet: bool


@dataclass(frozen=True)
class Summary:
    campaign: Campaign
    previews: list[Preview]
    forecast: Forecast | None
    parts: int
    who: str
    problems: list[str]
    shown: str


def summarize(campaign: Campaign, *, at: datetime) -> Summary:
    """Everything to look at before the next step; `shown` names exactly this content."""
    texts = _texts(campaign)
    try:
        expected: Forecast | None = forecast(campaign, at)
        found = problems(campaign)
    except InvalidRule as error:
        expected, found = None, [_("The segment needs repair: %(why)s") % {"why": error.message}]
    return Summary(
        campaign=campaign,
        previews=previews(texts),
        forecast=expected,
        parts=_parts(texts, expected) if expected else 0,
        who=_who(campaign),
        problems=found,
        shown=shown(campaign),
    )


def shown(campaign: Campaign) -> str:
    return f"{campaign.status}:{content_hash(campaign).hex()}"


def _texts(campaign: Campaign) -> dict[str, str]:
    return text_by_language(campaign) if campaign.texts.exists() else {}


def previews(texts: dict[str, str]) -> list[Preview]:
    names = dict(settings.LANGUAGES)
    return [
        Preview(
            language=str(names.get(language, language)),
            text=text,
            parts=parts(text),
            characters=len(text),
            is_long_alphabet=encoding(text) is Encoding.UCS2,
        )
        for language, text in texts.items()
        if language
    ]


def _parts(texts: dict[str, str], expected: Forecast) -> int:
    if not texts:
        return 0
    return sum(
        people * parts(texts.get(language, texts[""]))
        for language, people in expected.by_language.items()
    )


def _who(campaign: Campaign) -> str:
    rule = rule_of(campaign)
    if rule is None:
        return _("Everyone on the list.")
    try:
        return describe(rule)
    except InvalidRule as error:
        return error.message
