"""Rules about what a text says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from messaging.rules.drafts import ContentRule, DraftFacts, quoted
from messaging.rules.phrases import offering, pressing

# The capital word is what people copy; "we never stop" explains nothing.
HOW_TO_STOP = re.compile(r"\bSTOP\b")
LONG_WORD = re.compile(r"[^\W\d_]{4,}")
CALLS = re.compile(r"[!¡]{3,}")
MOST_CAPITALS = 0.3


class HasText(ContentRule):
    code = "no_text"
    sentence = _("The campaign has a text.")
    advice = _("Write a text in at least one language.")

    def holds(self, draft: DraftFacts) -> bool:
        return bool(draft.texts) and all(text.strip() for text in draft.texts.values())


class NamesSender(ContentRule):
    code = "sender_not_named"
    sentence = _("Every text names who sends it.")
    advice = _("Write the name of the purpose's controller into the text.")

    def holds(self, draft: DraftFacts) -> bool:
        name = draft.controller.casefold()
        return bool(name) and all(name in text.casefold() for text in draft.texts.values())


class SaysHowToStop(ContentRule):
    code = "stop_not_explained"
    sentence = _("Every text says how to stop.")
    advice = _("Write the word STOP in capitals into the text.")

    def holds(self, draft: DraftFacts) -> bool:
        return all(HOW_TO_STOP.search(text) for text in draft.texts.values())


class PlaceholdersRead(ContentRule):
    code = "placeholders_unreadable"
    sentence = _("Every placeholder is one we know and has a fallback.")
    advice = _("Write it as {name|fallback}, with a name from the list below the text.")

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        yield from draft.unreadable


class JurisdictionPrefix(ContentRule):
    code = "prefix_missing"
    sentence = _("Every text begins as the countries of its audience ask.")
    advice = _(
        "Put it at the very start of the text and the sender's name after it, or write a campaign "
        "of its own for that country."
    )

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        for language, text in draft.texts.items():
            if not begins_with_each(text, draft.prefixes):
                wanted = " + ".join(" / ".join(group) for group in draft.prefixes)
                yield quoted(wanted, language)


class HasRequiredWords(ContentRule):
    code = "required_words_missing"
    sentence = _("Every text has the words that the countries of its audience ask for.")
    advice = _("Write them into the text, or write a campaign of its own for that country.")

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        for language, text in draft.texts.items():
            for words in draft.required_words:
                if words.casefold() not in text.casefold():
                    yield quoted(words, language)


class NotShouting(ContentRule):
    code = "shouting"
    sentence = _("No text shouts.")
    advice = _("Write words in small letters, and at most two exclamation marks in a row.")
    blocks = False

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        for language, text in draft.as_written.items():
            words = _own_words(text, draft.controller)
            letters = "".join(words)
            if sum(map(str.isupper, letters)) > MOST_CAPITALS * len(letters):
                loud = [word for word in words if word.isupper()] or words
                yield quoted(" ".join(loud), language)
            yield from (quoted(found, language) for found in CALLS.findall(text))


class NoMisleadingUrgency(ContentRule):
    code = "misleading_urgency"
    sentence = _("No text presses the reader or promises a prize.")
    advice = _("Say it calmly. If it is true and has to be said so, say why.")
    blocks = False

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        for language, text in draft.texts.items():
            yield from (quoted(found, language) for found in pressing(text))


class PurposeFits(ContentRule):
    code = "offer_in_service_text"
    sentence = _("A service text sells nothing.")
    advice = _("Take the offer out, or send it for a marketing purpose that people agreed to.")

    def faults(self, draft: DraftFacts) -> Iterator[str]:
        if draft.is_service:
            for language, text in draft.texts.items():
                yield from (quoted(found, language) for found in offering(text, language))


def begins_with_each(text: str, groups: tuple[tuple[str, ...], ...]) -> bool:
    """`text` starts with one prefix of every group, in whatever order."""
    if not groups:
        return True
    return any(
        text.startswith(prefix)
        and begins_with_each(text[len(prefix) :].lstrip(), groups[:place] + groups[place + 1 :])
        for place, group in enumerate(groups)
        for prefix in group
    )


def _own_words(text: str, controller: str) -> list[str]:
    """The long words, without the name of who sends and the word by which to stop."""
    rest = HOW_TO_STOP.sub("", text.replace(controller, "") if controller else text)
    return LONG_WORD.findall(rest)
