"""The text as it leaves: it names who sends it and says how to stop.

What is added depends on the author's own words alone. An answer that reads "STOP", or like our
name, is part of the text and takes nothing out of it.
"""

from __future__ import annotations

from django.utils.translation import gettext, override

from messaging.models import Campaign
from messaging.placeholders import Template, escaped, own_words, parse
from messaging.rules.content import HOW_TO_STOP


def compose(*, body: str, controller: str, language: str) -> str:
    """The body with the controller's name in front and how to stop behind, where missing.

    Placeholders stay what they are: they are filled per person, and the text is counted then.
    """
    text, name = body.strip(), escaped(controller)
    own = own_words(text)
    if name.casefold() not in own.casefold():
        text = f"{name}: {text}"
    if not HOW_TO_STOP.search(own):
        with override(language):
            text = f"{text} {gettext('Reply STOP to end.')}"
    return text


def text_by_language(campaign: Campaign) -> dict[str, str]:
    """The composed text in each language, with its placeholders; "" stands for people of any
    other."""
    controller = campaign.purpose.controller
    texts = {
        text.language: compose(body=text.body, controller=controller, language=text.language)
        for text in campaign.texts.all()
    }
    return {**texts, "": texts.get("en") or next(iter(texts.values()), "")}


def templates(campaign: Campaign) -> dict[str, Template]:
    """The same, read. Raises `UnreadableTemplate`."""
    read = {
        language: parse(text, language=language)
        for language, text in text_by_language(campaign).items()
        if language
    }
    nothing = Template("", ())
    return {**read, "": read.get("en") or next(iter(read.values()), nothing)}
