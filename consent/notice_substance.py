"""Whether the words of a notice say what they must, as far as a machine can tell.

Only for languages whose words stand in notice_substance.toml; of others nothing but the presence
of each element is checked. A person still has to read it: this finds what was forgotten.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from consent.models import NoticePurpose, NoticeVersion

Words = dict[str, Any]
Promises = list[NoticePurpose]
# A web address with or without its scheme, a mail address, or a path of this site.
ADDRESS = re.compile(r"https?://\S|\b[\w-]+(\.[\w-]+)*\.[a-z]{2,}\b|(^|\s)/[a-z]", re.ASCII)
LEAST_WORDS = 4


@functools.cache
def word_lists() -> dict[str, Words]:
    text = (Path(__file__).parent / "notice_substance.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def thin_elements(version: NoticeVersion, elements: dict[str, str]) -> list[tuple[str, str]]:
    """(element, what its words do not say) of elements that have words."""
    known = word_lists().get(version.language)
    if known is None:
        return []
    promises = list(version.purposes.select_related("purpose").order_by("pk"))
    lacking = {code: CHECKS[code](elements[code].casefold(), known, promises) for code in elements}
    return [(code, what) for code, what in lacking.items() if what]


def _sender(text: str, known: Words, promises: Promises) -> str:
    controllers = dict.fromkeys(promise.purpose.controller for promise in promises)
    unnamed = [name for name in controllers if name.casefold() not in text]
    return _("who is responsible: %(name)s") % {"name": ", ".join(unnamed)} if unnamed else ""


def _purpose(text: str, known: Words, promises: Promises) -> str:
    return "" if len(re.findall(r"\w+", text)) >= LEAST_WORDS else _("what the texts are about")


def _frequency(text: str, known: Words, promises: Promises) -> str:
    for promise in promises:
        texts, days = promise.promised_texts, promise.promised_days
        said = _says_number(text, texts, known) and _says_days(text, days, known)
        if not said:
            return _("the promise: at most %(texts)d in %(days)d days") % {
                "texts": texts,
                "days": days,
            }
    return ""


def _says_number(text: str, number: int, known: Words) -> bool:
    named = known["numbers"][number - 1] if number <= len(known["numbers"]) else ""
    return _has_digits(text, number) or bool(named and _begins_word(text, [named]))


def _says_days(text: str, days: int, known: Words) -> bool:
    period = known["periods"].get(str(days), "")
    return _has_digits(text, days) or bool(period and period in text)


def _has_digits(text: str, number: int) -> bool:
    return re.search(rf"(?<!\d){number}(?!\d)", text) is not None


def _retention(text: str, known: Words, promises: Promises) -> str:
    """A number of them; "for as long as necessary" is no answer (GDPR Art. 13(2)(a))."""
    [units] = known["retention"]
    counted = re.search(r"\d", text) or _begins_word(text, known["numbers"])
    said = counted and _begins_word(text, units)
    return "" if said else _("for how many days, months or years")


def _address(text: str, known: Words, promises: Promises) -> str:
    return "" if ADDRESS.search(text) else _("at which address the rest can be read")


def _begins_word(text: str, beginnings: Iterable[str]) -> bool:
    return any(re.search(rf"\b{each}", text) for each in beginnings)


def _has_one(text: str, ways: Iterable[str]) -> bool:
    return any(way in text for way in ways)


def _says(code: str, what: Callable[[], str]) -> Callable[[str, Words, Promises], str]:
    """The check of an element whose words must contain one of each list."""

    def check(text: str, known: Words, promises: Promises) -> str:
        return "" if all(_has_one(text, ways) for ways in known[code]) else what()

    return check


CHECKS: dict[str, Callable[[str, Words, Promises], str]] = {
    "sender": _sender,
    "purpose": _purpose,
    "frequency": _frequency,
    "cost": _says("cost", lambda: _("that message and data rates may apply")),
    "stop": _says("stop", lambda: _("the word STOP")),
    "help": _says("help", lambda: _("the word HELP")),
    "not_condition": _says("not_condition", lambda: _("that nothing hangs on agreeing")),
    "retention": _retention,
    "rights": _says("rights", lambda: _("that people can see, correct and erase their data")),
    "complaint": _says("complaint", lambda: _("which authority takes complaints")),
    "terms": _address,
    "privacy": _address,
}
