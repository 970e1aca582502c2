"""What an override does to the rule that was shipped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.policy.kinds import KINDS
from consent.policy.packs import packs
from consent.policy.requirements import Question, answers


class Effect(models.TextChoices):
    LOOSENS = "loosens", _("loosens the shipped rule")
    TIGHTENS = "tightens", _("tightens the shipped rule")
    SAME = "same", _("says the same as the shipped rule")


def shipped_value(jurisdiction: str, kind: str, applies_to: str, *, at: datetime) -> Any:
    """What counts for this jurisdiction without any override; a region's without its country's."""
    question = Question.at(at, applies_to)
    value = KINDS[kind].nothing
    for source in answers(packs(), (), jurisdiction, kind, question):
        value = KINDS[kind].strictest(value, source.value)
    return value


def effect(kind: str, *, shipped: Any, value: Any) -> Effect:
    """Looser in any respect is looser, whatever else it tightens."""
    if value == shipped:
        return Effect.SAME
    keeps_both = KINDS[kind].strictest(shipped, value)
    return Effect.TIGHTENS if keeps_both == value else Effect.LOOSENS
