"""What an inbound text means: exact words, in every language we know, whole text only.

Sentences are understood in `messaging/phrases.py`.

The words are those of the FCC order (47 CFR 64.1200(a)(10)), of the carriers and
of the providers, and their usual translations. The list only ever grows: taking
a word away would take back somebody's no.
"""

from __future__ import annotations

import re
import unicodedata

from messaging.models import Meaning
from messaging.phrases import STOP_SIGN, meaning_of_sentence, without_runs

STOP = """
    stop|stopall|stop all
    unsubscribe|unsub|cancel|end|quit|revoke|optout|opt out|opt-out|stop-all|remove|td
    stop2quit|stop to quit|stop to end|stop=quit|text stop|reply stop|please stop|stop please
    arret|arrete|desabonner|desinscrire|alto|baja|parar|cancelar|detener|sair|pare
    descadastrar|stopp|abmelden|abbestellen|annulla|cancella|disiscrivimi|afmelden
    uitschrijven|rezygnuje|wypisz|avsluta|avmeld|afmeld|lopeta|peru|odhlasit|ret|iptal|dur
    ايقاف|توقف|الغاء|الغاء الاشتراك|बंद|बंद करो|रोकें|हटाओ|退订|停止|解除|配信停止|수신거부|거부
    стоп|отписаться|відписатися|huy|tuchoi|berhenti|hinto|tigil|הסר
"""
START = "start|join|unstop|subscribe|resume"
YES = "yes|y|yes please|ok|oui|si|sim|ja|da|tak|kylla|confirm|agree"
NO = "no|n|non|nao|nein|nee|nej|nie"
HELP = "help|info|aide|ayuda|ajuda|hilfe|aiuto|pomoc|hjalp|hjelp|ohje|yardim|مساعدة|मदद|帮助|помощь"

LONGEST_KEYWORD = 32
QUOTES_AND_MARKS = re.compile(r"^[\W_]+|[\W_]+$")
ARABIC_ALEF = str.maketrans("أإآ", "ااا")
SCRIPTS_WITHOUT_MARKS = ("LATIN", "GREEK", "CYRILLIC")


def normalize(text: str) -> str:
    """Lower case, no outer punctuation, single spaces; accents dropped where they are only that.

    Marks are kept in scripts where dropping them makes another word.
    """
    folded = unicodedata.normalize("NFKC", text).replace("İ", "i").replace("ı", "i").casefold()
    unmarked = "".join(_without_mark(character) for character in folded)
    bare = QUOTES_AND_MARKS.sub("", unmarked.translate(ARABIC_ALEF))
    return " ".join(bare.split())


def _without_mark(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    if unicodedata.name(decomposed[0], "").startswith(SCRIPTS_WITHOUT_MARKS):
        return decomposed[0]
    return character


def _words(text: str) -> frozenset[str]:
    return frozenset(
        normalize(word) for line in text.split("\n") for word in line.split("|") if word.strip()
    )


STOP_WORDS = _words(STOP)
MEANINGS = {
    Meaning.STOP: STOP_WORDS,
    Meaning.START: _words(START),
    Meaning.YES: _words(YES),
    Meaning.NO: _words(NO),
    Meaning.HELP: _words(HELP),
}


def meaning(text: str) -> Meaning:
    """What the whole text says; STOP is looked for first."""
    said = normalize(text)
    if len(said) <= LONGEST_KEYWORD:
        for wanted, words in MEANINGS.items():
            if not words.isdisjoint({said, without_runs(said)}):
                return wanted
    # Normalizing takes signs away at both ends.
    return Meaning.STOP if STOP_SIGN in text else meaning_of_sentence(said)
