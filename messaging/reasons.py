"""Why a text did not go, in words."""

from __future__ import annotations

from collections.abc import Iterable

from messaging.gate import RULES, sentence
from messaging.models import Message


def reasons(message: Message) -> list[str]:
    """The rules that were not met, newest answer of the gate."""
    return [sentence(objection["code"]) for objection in message.objections]


def objection_codes() -> list[tuple[str, str]]:
    """(code, sentence) of every rule, once."""
    rules = (rule for kind in RULES.values() for rule in kind)
    return list({rule.code: (rule.code, str(rule.sentence)) for rule in rules}.values())


def reasons_in_one_line(message: Message) -> str:
    return joined(reasons(message))


def joined(sentences: Iterable[str]) -> str:
    return " · ".join(sentences)
