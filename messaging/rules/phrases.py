"""Phrases by which a text is recognized as pressing, or as an offer, in four languages.

Matched without case and accents, since authors leave accents out to save parts. The lists are
short on purpose: each phrase is one that misleads or sells in nearly every text it stands in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Whole phrases mean the same wherever they stand, so every text is looked through for all.
PRESSING = (
    r"(?:final|last) (?:notice|warning|reminder)",
    r"account (?:is|has been|was|will be)? ?(?:suspended|locked|blocked|closed|deactivated)",
    r"act (?:now|immediately|fast)",
    r"(?:immediate|urgent) action",
    r"you(?: have|'ve)? won\b",
    r"claim your (?:prize|reward|gift)",
    r"last chance",
    r"legal action",
    r"verify your (?:account|identity)",
    r"dernier (?:avis|avertissement|rappel)",
    r"compte (?:est|a ete|sera)? ?(?:suspendu|bloque|ferme)",
    r"agissez (?:maintenant|vite|immediatement)",
    r"action immediate",
    r"vous avez gagne",
    r"derniere chance",
    r"poursuites judiciaires",
    r"ultim[oa] (?:aviso|advertencia|oportunidad)",
    r"cuenta (?:esta|ha sido|sera)? ?(?:suspendida|bloqueada|cerrada)",
    r"actu(?:e|a) (?:ya|ahora)",
    r"accion inmediata",
    r"(?:usted )?(?:ha|has) ganado",
    r"acciones legales",
    r"letzte (?:mahnung|warnung|aufforderung|chance)",
    r"konto (?:ist|wurde|wird)? ?(?:gesperrt|geschlossen|blockiert)",
    r"handeln sie (?:jetzt|sofort)|jetzt handeln|sofort handeln",
    r"(?:sie haben|du hast) gewonnen",
    r"rechtliche schritte",
)
OFFERING = (
    r"\d+ ?% (?:off|discount|de reduction|de remise|de descuento|rabatt|reduziert)",
    r"discount(?:s|ed)?|vouchers?|coupons?|special offers?|promo(?: ?codes?|tions?)?",
    r"half price|buy now|flash sale|clearance sale",
    r"soldes|bons? d'achat|codes? promo|offres? speciales?",
    r"rebajas|descuentos?|cupon(?:es)?|codigos? promocional(?:es)?",
    r"rabatt\w*|gutschein\w*|sonderangebote?|sonderpreise?|schnappchen|schlussverkauf",
)
# Short words that mean something else in another language ("el tren sale a las diez").
OFFERING_IN = {
    "en": (r"sales?",),
    "fr": (r"reductions?|remises?",),
    "es": (r"ofertas?",),
    "de": (r"sale",),
}


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")


_PRESSING = _any_of(PRESSING)
_OFFERING = {
    language: _any_of((*OFFERING, *words)) for language, words in {**OFFERING_IN, "": ()}.items()
}


def pressing(text: str) -> Iterator[str]:
    """What presses the reader, or promises a prize, as plain lower case."""
    return (found[0] for found in _PRESSING.finditer(plain(text)))


def offering(text: str, language: str) -> Iterator[str]:
    """What sells."""
    pattern = _OFFERING.get(re.split("[-,]", language)[0], _OFFERING[""])
    return (found[0] for found in pattern.finditer(plain(text)))


def plain(text: str) -> str:
    """Without case, accents, curly quotes and doubled spaces."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.split())
