"""Rules about a campaign's words and settings, asked before a second person approves it.

The same shape as the rules of the gate, over a draft instead of a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The capital word is what people copy; "we never stop" explains nothing.
HOW_TO_STOP = re.compile(r"\bSTOP\b")


@dataclass(frozen=True, kw_only=True)
class DraftFacts:
    """`texts` maps language to the text as it will leave.

    One with placeholders stands there twice: with its fallbacks, and with the longest answers.
    `parts` are those of the longest, `unreadable` is what is wrong with placeholders.
    """

    controller: str
    texts: dict[str, str] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    purpose_is_texted: bool = True
    sender_is_active: bool = True
    audience: int = 0
    unreadable: tuple[str, ...] = ()


class ContentRule(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def sentence(self) -> str | Promise: ...

    def holds(self, draft: DraftFacts) -> bool: ...


@dataclass(frozen=True)
class HasText:
    code = "no_text"
    sentence = _("The campaign has a text.")

    def holds(self, draft: DraftFacts) -> bool:
        return bool(draft.texts) and all(text.strip() for text in draft.texts.values())


@dataclass(frozen=True)
class NamesSender:
    code = "sender_not_named"
    sentence = _("Every text names who sends it.")

    def holds(self, draft: DraftFacts) -> bool:
        name = draft.controller.casefold()
        return bool(name) and all(name in text.casefold() for text in draft.texts.values())


@dataclass(frozen=True)
class SaysHowToStop:
    code = "stop_not_explained"
    sentence = _("Every text says how to stop.")

    def holds(self, draft: DraftFacts) -> bool:
        return all(HOW_TO_STOP.search(text) for text in draft.texts.values())


@dataclass(frozen=True)
class ShortEnough:
    code = "too_long"
    sentence = _("No text takes more than ten parts.")
    most_parts = 10

    def holds(self, draft: DraftFacts) -> bool:
        return all(parts <= self.most_parts for parts in draft.parts.values())


@dataclass(frozen=True)
class PurposeIsTexted:
    code = "purpose_not_texted"
    sentence = _("The purpose is one that people agree to be texted for.")

    def holds(self, draft: DraftFacts) -> bool:
        return draft.purpose_is_texted


@dataclass(frozen=True)
class SenderInUse:
    code = "sender_not_in_use"
    sentence = _("The sender is in use and has a provider.")

    def holds(self, draft: DraftFacts) -> bool:
        return draft.sender_is_active


@dataclass(frozen=True)
class HasAudience:
    code = "nobody"
    sentence = _("At least one person is meant.")

    def holds(self, draft: DraftFacts) -> bool:
        return draft.audience > 0


@dataclass(frozen=True)
class PlaceholdersRead:
    code = "placeholders_unreadable"
    sentence = _("Every placeholder is one we know and has a fallback.")

    def holds(self, draft: DraftFacts) -> bool:
        return not draft.unreadable


CONTENT_RULES: tuple[ContentRule, ...] = (
    HasText(),
    NamesSender(),
    SaysHowToStop(),
    ShortEnough(),
    PurposeIsTexted(),
    SenderInUse(),
    HasAudience(),
    PlaceholdersRead(),
)


def broken_rules(draft: DraftFacts) -> list[ContentRule]:
    """The content rules that this draft does not keep."""
    return [rule for rule in CONTENT_RULES if not rule.holds(draft)]
