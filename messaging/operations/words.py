"""Changing a draft's words for its author, when the author says so."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from messaging.models import Campaign, CampaignText
from messaging.operations.campaigns import note_author
from messaging.replacements import replaced
from subscribers.authorization import Staff, authorize


@transaction.atomic
def use_replacements(*, actor: Staff, campaign: Campaign, language: str, at: datetime) -> None:
    """Make every safe replacement in one language's text; whoever does is one of its authors.

    Raises `UnableToMove` when the campaign is no longer a draft.
    """
    authorize(actor=actor, action="messaging.change_campaign", at=at)
    # Locks the campaign first, as everyone does who changes it.
    note_author(actor=actor, campaign=campaign, at=at)
    for text in CampaignText.objects.filter(campaign=campaign, language=language):
        text.body = replaced(text.body)
        text.save(update_fields=["body"])
