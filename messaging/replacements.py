"""Characters that make a text longer than it need be, and what says the same in GSM-7.

Only what stands beside the letters: quotes, dashes, spaces, what cannot be seen. A letter is
never replaced, since ç is not c in anybody's name. Nothing here is applied by itself: the author
is shown what would change, and decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from messaging.parts import Encoding, encoding

EQUIVALENTS = {
    **dict.fromkeys("‘’‚‛′‹›`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−•", "-"),
    "…": "...",
    **dict.fromkeys("\t\u00a0\u1680\u202f\u205f\u3000", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
    **dict.fromkeys(("\r\n", "\r", "\v", "\u0085", "\u2028", "\u2029"), "\n"),
    # Soft hyphen, Mongolian vowel separator, zero-width space, word joiner, byte order mark.
    **dict.fromkeys("\u00ad\u180e\u200b\u2060\ufeff", ""),
    # Signs that Unicode itself calls the same as these letters.
    "\u2126": "Ω",
    "\u212b": "Å",
}
# They join letters in Persian and Indic scripts, hold emoji together, and turn Arabic and Hebrew
# the right way round. In a text without any of these they do nothing.
ONLY_WHERE_IDLE = dict.fromkeys(
    map(chr, (0x61C, *range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))), ""
)
ACCENTED = re.compile("[^\\W\\d_][\u0300-\u036f]+")


@dataclass(frozen=True, slots=True)
class Change:
    """`found` stands there `times` times and would become `becomes`, "" for nothing."""

    found: str
    becomes: str
    times: int


def replaced(text: str) -> str:
    """The text with every safe replacement made."""
    return _substitute(text, _table(text))


def changes(text: str) -> list[Change]:
    """What `replaced` would change, in the order in which it occurs."""
    table = _table(text)
    found = Counter(each for each in _pattern(table).findall(text) if _becomes(each, table) != each)
    return [Change(each, _becomes(each, table), times) for each, times in found.items()]


def _table(text: str) -> dict[str, str]:
    everything = EQUIVALENTS | ONLY_WHERE_IDLE
    fits = encoding(_substitute(text, everything)) is Encoding.GSM7
    return everything if fits else EQUIVALENTS


def _substitute(text: str, table: dict[str, str]) -> str:
    return _pattern(table).sub(lambda match: _becomes(match.group(), table), text)


def _pattern(table: dict[str, str]) -> re.Pattern[str]:
    """`re` keeps what it compiled; "\\r\\n" stands before its two halves."""
    longest_first = sorted(table, key=len, reverse=True)
    return re.compile("|".join([ACCENTED.pattern, *map(re.escape, longest_first)]))


def _becomes(found: str, table: dict[str, str]) -> str:
    """A letter and its accent become one character, which is the same letter."""
    return table[found] if found in table else unicodedata.normalize("NFC", found)
