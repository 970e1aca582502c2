"""How many parts a text takes: the unit of rate and of cost (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Units in a text of one part, and in each part of a longer one.
ROOM = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


def encoding(text: str) -> Encoding:
    """GSM-7 unless some character is outside its two tables."""
    return Encoding.GSM7 if set(text) <= BASIC | EXTENDED else Encoding.UCS2


def parts(text: str) -> int:
    """The number of parts; an escape pair or a surrogate pair is never split."""
    chosen = encoding(text)
    sizes = [_units(character, chosen) for character in text]
    alone, joined = ROOM[chosen]
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > joined:
            count, used = count + 1, 0
        used += size
    return count


def _units(character: str, chosen: Encoding) -> int:
    if chosen is Encoding.GSM7:
        return 2 if character in EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1
