"""How many parts a text takes: the unit of rate and of cost (3GPP TS 23.038, 23.040).

A text is written in GSM-7 when its two tables hold every character, else in UCS-2. The national
shift tables are not used: too few phones and providers know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
SHORT_ALPHABET = BASIC | EXTENDED


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Units in a text of one part, and in each part of a longer one.
ROOM = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Count:
    """What a text takes on its way.

    `units` are septets in GSM-7 and 16-bit units in UCS-2, without what packing leaves empty.
    `left` of them still go into the last part. `forcing` are the characters that GSM-7 does
    not have, each once, in their order: without them the text would be written in it.
    """

    encoding: Encoding
    parts: int
    units: int
    left: int
    forcing: tuple[str, ...]


def encoding(text: str) -> Encoding:
    """GSM-7 unless some character is outside its two tables."""
    return Encoding.GSM7 if SHORT_ALPHABET.issuperset(text) else Encoding.UCS2


def parts(text: str) -> int:
    """The number of parts; an escape pair or a surrogate pair is never split."""
    return parts_in(text, encoding(text))


def parts_in(text: str, chosen: Encoding) -> int:
    """The same in an encoding that is given: GSM-7 only for what its tables hold."""
    alone, joined = ROOM[chosen]
    units = _units(text, chosen)
    if units <= alone:
        return 1
    if units == len(text):
        return -(-units // joined)
    return -(-position(text, chosen) // joined)


def position(text: str, chosen: Encoding, start: int = 0) -> int:
    """Where a text ends that begins at `start`, in units of joined parts, gaps included.

    It never falls when `start` rises or when a character takes more units.
    """
    joined = ROOM[chosen][1]
    for character in text:
        size = units_of(character, chosen)
        if start % joined + size > joined:
            start += 1
        start += size
    return start


def units_of(character: str, chosen: Encoding) -> int:
    if chosen is Encoding.GSM7:
        return 2 if character in EXTENDED else 1
    return 2 if character > "\uffff" else 1


def count(text: str) -> Count:
    """Everything about a text's length that its author may want to know."""
    chosen = encoding(text)
    units, taken = _units(text, chosen), parts_in(text, chosen)
    alone, joined = ROOM[chosen]
    left = alone - units if taken == 1 else taken * joined - position(text, chosen)
    forcing = dict.fromkeys(c for c in text if c not in SHORT_ALPHABET)
    return Count(chosen, taken, units, left, tuple(forcing))


def _units(text: str, chosen: Encoding) -> int:
    if chosen is Encoding.GSM7:
        return len(text) + sum(map(text.count, EXTENDED))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
