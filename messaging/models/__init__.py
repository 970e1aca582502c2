from __future__ import annotations

from messaging.models.campaigns import Campaign, CampaignStatus, CampaignText
from messaging.models.chunks import AudienceSlice, Chunk
from messaging.models.freezes import SendingFreeze
from messaging.models.inbox import InboundMessage, Meaning, Receipt
from messaging.models.messages import (
    ANSWERS,
    CAMPAIGN_KINDS,
    COUNTS_AS_SENT,
    FINAL_STATES,
    KINDS,
    Attempt,
    AttemptOutcome,
    Message,
    MessageKind,
    MessageState,
)
from messaging.models.senders import DailyUse, FallbackPace, RateLimit, Sender
from messaging.models.watching import Enquiry, Heartbeat

__all__ = [
    "ANSWERS",
    "CAMPAIGN_KINDS",
    "COUNTS_AS_SENT",
    "FINAL_STATES",
    "KINDS",
    "Attempt",
    "AttemptOutcome",
    "AudienceSlice",
    "Campaign",
    "CampaignStatus",
    "CampaignText",
    "Chunk",
    "DailyUse",
    "Enquiry",
    "FallbackPace",
    "Heartbeat",
    "InboundMessage",
    "Meaning",
    "Message",
    "MessageKind",
    "MessageState",
    "RateLimit",
    "Receipt",
    "Sender",
    "SendingFreeze",
]
