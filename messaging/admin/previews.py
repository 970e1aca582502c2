"""Each text of a campaign as phones will show it, and what its author may want to know."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from messaging.composition import compose
from messaging.lengths import Range, range_of
from messaging.models import Campaign, CampaignText
from messaging.parts import Count, Encoding, count, encoding
from messaging.placeholders import (
    Problem,
    Template,
    UnreadableTemplate,
    parse,
    problems,
    with_fallbacks,
)
from messaging.replacements import changes, replaced
from messaging.values import Slot, declared


@dataclass(frozen=True)
class Line:
    """One replacement in words: what is there, what would be, how often."""

    found: str
    becomes: str
    times: int


@dataclass(frozen=True)
class Offer:
    """Replacements worth making; `saves` is in parts, of the longest text."""

    lines: list[Line]
    saves: int


@dataclass(frozen=True)
class Preview:
    """`text` is what someone gets of whom nothing is known. `longest` is "" when all get it."""

    code: str
    language: str
    text: str
    longest: str
    lengths: Range
    count: Count
    forcing: list[str]
    problems: list[Problem]
    offer: Offer | None

    @property
    def is_long_alphabet(self) -> bool:
        return self.count.encoding is Encoding.UCS2


def previews(campaign: Campaign) -> list[Preview]:
    """One for each language, in the order of the form."""
    slots = declared()
    texts = campaign.texts.order_by("pk")
    return [_preview(text, campaign.purpose.controller, slots) for text in texts]


def _preview(written: CampaignText, controller: str, slots: dict[str, Slot]) -> Preview:
    template = _template(written, written.body, controller)
    text, lengths = with_fallbacks(template), range_of(template, slots)
    found = count(text)
    return Preview(
        code=written.language,
        language=str(dict(settings.LANGUAGES).get(written.language, written.language)),
        text=text,
        longest=lengths.longest if template.placeholders else "",
        lengths=lengths,
        count=found,
        forcing=[name_of(character) for character in found.forcing],
        problems=problems(written.body, slots),
        offer=_offer(written, controller, slots),
    )


def _template(written: CampaignText, body: str, controller: str) -> Template:
    """What cannot be read is shown as it stands."""
    text = compose(body=body, controller=controller, language=written.language)
    try:
        return parse(text, language=written.language)
    except UnreadableTemplate:
        return Template(written.language, (text,))


def _offer(written: CampaignText, controller: str, slots: dict[str, Slot]) -> Offer | None:
    """None where replacing would shorten nothing: a dash in a Russian text is right there."""
    before = _template(written, written.body, controller)
    after = _template(written, replaced(written.body), controller)
    saves = range_of(before, slots).most - range_of(after, slots).most
    if saves <= 0 and not _becomes_short(before, after):
        return None
    lines = [
        Line(name_of(change.found), _name_of_new(change.becomes), change.times)
        for change in changes(written.body)
    ]
    return Offer(lines, max(0, saves))


def _becomes_short(before: Template, after: Template) -> bool:
    was, would_be = (encoding(with_fallbacks(each)) for each in (before, after))
    return was is Encoding.UCS2 and would_be is Encoding.GSM7


def name_of(characters: str) -> str:
    """How a character is called, with itself where it can be seen."""
    name = ", ".join(unicodedata.name(each, f"U+{ord(each):04X}").lower() for each in characters)
    return f"{characters} ({name})" if characters.isprintable() else name


def _name_of_new(characters: str) -> str:
    named = {"": _("nothing"), " ": _("a space"), "\n": _("a line break")}
    return named.get(characters, characters)
