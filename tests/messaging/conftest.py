"""Fixtures of several modules. The carrier's live in tests/carrier.py: the stories use them too."""

from __future__ import annotations

import pytest

from messaging.models import Message, MessageKind
from messaging.operations.audience import cut_audience
from tests import cast


@pytest.fixture
def welcome(db: None) -> Message:
    """Alice's, queued when she confirmed."""
    return Message.objects.get(subscriber=cast.alice(), kind=MessageKind.WELCOME)


@pytest.fixture
def advert(welcome: Message) -> Message:
    """A campaign's text to alice, queued with her standing consent."""
    campaign = cast.started(cast.draft(), cast.NOON)
    cut_audience(campaign_id=campaign.pk, at=cast.NOON)
    return Message.objects.get(campaign=campaign)
