"""What may stand for a placeholder: an attribute's answer in plain words, or nothing.

People write some of these answers themselves. So a text that carries them must not become a
link, a second line or an invisible command, whatever they wrote: what is not clearly a few plain
words is not used at all, and no answer is longer than `LONGEST_VALUE`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import gettext, override

from messaging.parts import Encoding, encoding, units_of
from subscribers.models import Attribute, AttributeKind

# In 16-bit units; each character kept is one septet in GSM-7 or one such unit, save pairs.
LONGEST_VALUE = 40
LARGEST_NUMBER = 999_999_999
# Seven digits are a phone number that can be tapped.
MOST_DIGITS = 6
PUNCTUATION = frozenset(" '’-‐–.,&()/!+")
# What never stands at the end: the next word must not be drawn into it.
LOOSE_ENDS = " -‐–,&(/+"
# What phones may turn into something to tap: a domain, an address, any scheme.
LINK = re.compile(r"\.\w\w|\d\.\d|[。．｡][a-z0-9]{2}|[a-z][a-z0-9+.-]*:\S|@\w|//", re.I)
# "J.R" and a letter after it: the text around it must not complete a domain.
OPEN_END = re.compile(r"\.\w$")
# Spelling in Persian and Indic scripts; between letters of other scripts it only hides.
JOINER = re.compile("(?<=[\u0600-\u0dff])[\u200c\u200d](?=[\u0600-\u0dff])")
# No text answer leads to a longer text than one of these, wherever a part ends.
TEXT_EXAMPLES = (
    "A",
    ("Margaretha " * 4)[:LONGEST_VALUE],
    ("Małgorzata " * 4)[:LONGEST_VALUE],
    "𠮷" * (LONGEST_VALUE // 2),
    "吉" + "𠮷" * (LONGEST_VALUE // 2 - 1) + "吉",
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One declared attribute, as far as texts are concerned."""

    code: str
    label: str
    kind: str
    choices: tuple[str, ...] = ()

    def words(self, answer: object, language: str) -> str | None:
        """The answer as a text in `language` says it; None when it cannot."""
        match self.kind, answer:
            case (AttributeKind.YES_NO, bool()):
                return _yes_and_no(language)[0 if answer else 1]
            case (AttributeKind.NUMBER, int()) if not isinstance(answer, bool):
                return str(answer) if abs(answer) <= LARGEST_NUMBER else None
            case (AttributeKind.DATE, str()):
                return _date_words(answer, language)
            case (AttributeKind.CHOICE, str()) if answer in self.choices:
                return plain_words(answer)
            case (AttributeKind.TEXT, str()):
                return plain_words(answer)
        return None

    def examples(self, language: str) -> tuple[str, ...]:
        """Words between which every answer lies, in length and in alphabet."""
        match self.kind:
            case AttributeKind.YES_NO:
                return _yes_and_no(language)
            case AttributeKind.NUMBER:
                return ("0", str(-LARGEST_NUMBER))
            case AttributeKind.DATE:
                return _date_examples(language)
            case AttributeKind.CHOICE:
                return tuple(filter(None, map(plain_words, self.choices)))
        return TEXT_EXAMPLES


def declared() -> dict[str, Slot]:
    """Every attribute there is, by its code."""
    return {
        attribute.code: Slot(
            attribute.code, attribute.label, attribute.kind, tuple(map(str, attribute.choices))
        )
        for attribute in Attribute.objects.order_by("label")
    }


def plain_words(answer: str) -> str | None:
    """The answer cut to its longest length, or None when it is not plain words."""
    text = re.sub(" +", " ", answer).strip(" ").rstrip(LOOSE_ENDS)
    if not text or not text[0].isalnum() or not _is_spelled_plainly(text):
        return None
    if looks_like_link(text) or sum(map(str.isdigit, text)) > MOST_DIGITS:
        return None
    cut = _cut(text)
    return None if OPEN_END.search(_bare(cut)) else cut


def looks_like_link(text: str) -> bool:
    """Whether a phone may offer it to be tapped. Errs on the side of yes."""
    return bool(LINK.search(text if text.isascii() else _bare(text)))


def _bare(text: str) -> str:
    """Without accents and compatibility forms, behind which a domain can hide."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(c for c in spread if unicodedata.category(c)[0] != "M")


def _is_spelled_plainly(text: str) -> bool:
    """Letters of any script, digits and a little punctuation: nothing else can be there."""
    return all(map(_is_plain, JOINER.sub("", text)))


def _is_plain(character: str) -> bool:
    category = unicodedata.category(character)
    return character in PUNCTUATION or category[0] in "LM" or category == "Nd"


def _cut(text: str) -> str:
    """At most `LONGEST_VALUE` units, never between a letter and its accent."""
    if _size(text) <= LONGEST_VALUE:
        return text
    end = len(text)
    while _size(text[:end]) > LONGEST_VALUE or _continues(text[end : end + 1]):
        end -= 1
    return text[:end].rstrip(LOOSE_ENDS)


def _size(text: str) -> int:
    return sum(units_of(character, Encoding.UCS2) for character in text)


def _continues(character: str) -> bool:
    return character != "" and unicodedata.category(character)[0] in "MC"


@lru_cache
def _yes_and_no(language: str) -> tuple[str, ...]:
    with override(language):
        # Django's own words, which it has in all its languages.
        return tuple(gettext("yes,no,maybe").split(",")[:2])


@lru_cache(maxsize=4096)
def _date_words(answer: str, language: str) -> str | None:
    try:
        day = date.fromisoformat(answer)
    except ValueError:
        return None
    with override(language):
        return date_format(day, "DATE_FORMAT")


@lru_cache
def _date_examples(language: str) -> tuple[str, ...]:
    """The shortest and the longest days of a leap year, in either alphabet."""
    days = (date(2024, 1, 1) + timedelta(days=n) for n in range(366))
    written = [_date_words(day.isoformat(), language) or "" for day in days]
    found = []
    for alphabet in Encoding:
        in_it = sorted((words for words in written if encoding(words) is alphabet), key=len)
        found += [*in_it[:1], *in_it[-1:]]
    return tuple(dict.fromkeys(found))
