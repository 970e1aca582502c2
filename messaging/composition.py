"""The text as it leaves: it names who sends it and says how to stop."""

from __future__ import annotations

from django.utils.translation import gettext, override

from messaging.models import Campaign
from messaging.rules.content import HOW_TO_STOP


def compose(*, body: str, controller: str, language: str) -> str:
    """The body with the controller's name in front and how to stop behind, where missing."""
    text = body.strip()
    if controller.casefold() not in text.casefold():
        text = f"{controller}: {text}"
    if not HOW_TO_STOP.search(text):
        with override(language):
            text = f"{text} {gettext('Reply STOP to end.')}"
    return text


def text_by_language(campaign: Campaign) -> dict[str, str]:
    """The composed text in each language; "" stands for people of any other."""
    controller = campaign.purpose.controller
    texts = {
        text.language: compose(body=text.body, controller=controller, language=text.language)
        for text in campaign.texts.all()
    }
    return {**texts, "": texts.get("en") or next(iter(texts.values()), "")}
