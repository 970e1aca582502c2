"""Why a text did not go, in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from messaging.gate import RULES, sentence
from messaging.models import Message


def reasons(message: Message) -> list[str]:
    """The rules that were not met, newest answer of the gate."""
    return [not_met(objection["code"]) for objection in message.objections]


def not_met(code: str) -> str:
    """A rule's sentence says what must be true; beside a text that did not go it was not."""
    return _("Not met: %(sentence)s") % {"sentence": sentence(code)}


def objection_codes() -> list[tuple[str, str]]:
    """(code, sentence) of every rule, once."""
    rules = (rule for kind in RULES.values() for rule in kind)
    return list({rule.code: (rule.code, str(rule.sentence)) for rule in rules}.values())


def reasons_in_one_line(message: Message) -> str:
    return joined(reasons(message))


def joined(sentences: Iterable[str]) -> str:
    return " · ".join(sentences)
