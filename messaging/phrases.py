"""What a sentence means that is no keyword: a plain no, perhaps a no, or neither.

A regulator asks what a reasonable person would have meant (47 CFR 64.1200(a)(10)). A plain no
holds at once. Where a no may be meant, nothing goes to the person until somebody read it, and
what nobody reads in time is a no. The lists only ever grow, like those of the keywords.

Each line below is a regular expression of whole words, for text in small letters without accents
and without punctuation but apostrophes.
"""

from __future__ import annotations

import re
from string import ascii_lowercase

from messaging.models import Meaning

STOP_SIGN = "🛑"
# Said of something else. They are taken out before anything is looked for.
FALSE_FRIENDS = r"""
    (don'?t|do not|can'?t|cannot|never|couldn'?t|won'?t) (ever )?stop
    (don'?t|do not|never) (remove|unsubscribe|cancel|delete) (me|us|my|our)
    non stop|full stop|stop (by|in|over|off|press|gap|start|watch)|stop (and )?(shop|start)
    (bus|tram|train|truck|coach|pit|rest|whistle|first|next|last|final|door|one) stops?
    stop (smoking|drinking|snoring|worrying|the (bus|train|tram))
    (my|the|our|your|a|in) (spam|junk)( folder| filter| box)?
    (stop|cancel|end)(s|ped|ping|led|ling|lation|ed|ing) (at|near|on|in)
"""
PLAIN_NO = r"""
    (stop|quit|cease) (texting|messaging|sending|contacting|bothering|spamming|calling|writing)
    stop (all|this|these|those|it|everything|now|please)( (now|please|immediately))*$
    ^(please )?(quit|cancel|end) (all|this|these|those|it|everything)( (now|please))*$
    (stop|quit|cancel|end) ((all|this|these|those|your|the|my|sms|text) )*(texts?|messages?|sms)
    (stop|quit|cancel|end) ((all|this|your|the|my) )*(alerts|subscription)
    (please|pls|plz|just|i said) stop
    cease and desist
    (don'?t|do not|never) (ever )?(text|txt|message|contact|sms|call|bother) (me|us|this|my|any)
    (don'?t|do not|never) (ever )?(text|message|contact|call|write) again
    (don'?t|do not|never) (ever )?send (me|us|this|any|anything)
    no more (of )?(these |your )?(texts?|messages?|sms|alerts?)
    (take|get) (me|us|my (name|number)|this number) off$
    (take|get) (me|us|my (name|number)|this number) off (of )?((this|your|the|all|any|that) )?lists?
    (take|get) (me|us) off (of )?((this|your|the) )?(sms|text|texting|mailing|contact|phone) lists?
    (remove|delete) (me|us|my (name|number|phone|data|details|information)|this number)
    (lose|forget) my number
    leave (me|us) alone
    (please|pls|plz|i want to|i wish to|i would like to|i'?d like to|i) (unsubscribe|unsub|opt out)
    (unsubscribe|unsub|opt) (me|us)( out)?
    i (hereby )?(revoke|withdraw) (my |all |any )?(consent|permission)
    (wrong|not my) (number|person|phone)
    not interested
    (i'?ll|i will|i am|i'?m) report(ing)? (you|this)
    (this is|stop the|no|enough) spam
    (fuck|piss|bugger) off|^(go away|get lost)
    ne (m'?envoyez|m'?ecrivez|me contactez|m'?envoie) plus
    (arretez|arrete|cessez) (de (m'?|me )?(envoyer|ecrire|contacter)|les|vos|ces|tout)
    plus (de|aucun) (sms|messages?|textos?)
    (desabonnez|desinscrivez|retirez|supprimez) moi|me (desabonner|desinscrire)
    no (me )?(envien?|manden?|escriban?|contacten?) mas
    no (mas|quiero) (mensajes|sms|textos)|^no mas( por favor)?$
    (dejen?|dejad|paren?) de (enviar|mandar|escribir|molestar)(me)?
    (dar|darme|denme|quiero la|dame) (me )?(de )?baja|quiten?me
    keine (weiteren? )?(sms|nachrichten|texte|werbung)( mehr)?
    (schreiben|schicken|senden|kontaktieren) sie (mir|mich) (nicht|nichts|keine) .*mehr
    (nicht|nichts) mehr (schreiben|schicken|senden|kontaktieren)
    melden sie mich ab|mich (bitte )?(abmelden|austragen|loschen)|bitte (abmelden|abbestellen)
    lassen sie mich in ruhe
    (horen sie|hort|hor) (bitte )?auf
    nao (me )?(envie|envia|mande|manda|escreva)m? mais
    parem? de (enviar|mandar|escrever)|me (tire|remova|retire|descadastre)m?
    non (mi )?(inviate|mandate|scrivete)(mi)? piu|(cancellate|disiscrivete|togliete)mi
    basta (sms|messaggi)
"""
# A text with one of these may mean no, whatever else it says.
STEMS = r"""
    stop\w*|unsub\w*|remov\w*|spam\w*|scam\w*|cancel|cancell?ing|revo[ck]\w*|withdraw\w*
    opt(ed|ing)? out|optout
    (take|get) me off|too many|so many (of )?(these|texts?|messages?)
    who (is|are) (this|you)|who gave you|no thank(s| you)|no thx
    ^not now|report(ed|ing)? (you|this|to)|block(ed|ing)? you|su(e|ing) you|lawyer|attorney|illegal
    harass\w*|(don'?t|do not|not) want (this|these|it|any|your|them|texts?)
    never (signed|subscribed|agreed|asked)
    did ?n(o|')?t (sign|subscribe|agree|ask)|desabonn\w*|desinscri\w*|abmeld\w*|abbestell\w*
    austrag\w*|descadastr\w*|disiscri\w*|uitschrij\w*|afmeld\w*
"""
# Words that a thumb misses by one key; only where the whole text is that one word.
OFTEN_MISTYPED = ("stop", "stopall", "unsubscribe", "cancel", "revoke", "remove", "optout")
NO_SLIP = {"shop", "step", "atop", "slop", "stow", "top", "sop", "remote", "canal"}
RUNS = re.compile(r"(\w)\1{2,}")
NOT_A_WORD = re.compile(r"[^\w' ]+")


def _slips(word: str) -> set[str]:
    """What comes of it where a letter is missing, exchanged with the next, another, or too many."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    missing = {head + tail[1:] for head, tail in cuts if tail}
    exchanged = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    other = {head + key + tail[1:] for head, tail in cuts if tail for key in ascii_lowercase}
    more = {head + key + tail for head, tail in cuts for key in ascii_lowercase}
    return missing | exchanged | other | more


MISTYPED = frozenset().union(*map(_slips, OFTEN_MISTYPED)) - NO_SLIP


def _any_of(lines: str) -> re.Pattern[str]:
    alternatives = "|".join(line.strip() for line in lines.strip().splitlines())
    return re.compile(rf"\b(?:{alternatives})(?!\w)")


IS_FALSE_FRIEND, IS_PLAIN_NO, HAS_STEM = map(_any_of, (FALSE_FRIENDS, PLAIN_NO, STEMS))


def without_runs(text: str) -> str:
    """Such as "stop" of "stoppp": no language writes a letter three times."""
    return RUNS.sub(r"\1", text)


def meaning_of_sentence(text: str) -> Meaning:
    """Of a normalized text that is no keyword: STOP, UNCLEAR or OTHER."""
    words = " ".join(NOT_A_WORD.sub(" ", without_runs(text.replace("’", "'"))).split())
    # What is left on both sides of a false friend must not become a sentence.
    said = IS_FALSE_FRIEND.sub(".", words)
    if IS_PLAIN_NO.search(said):
        return Meaning.STOP
    if HAS_STEM.search(said) or words in MISTYPED:
        return Meaning.UNCLEAR
    return Meaning.OTHER
