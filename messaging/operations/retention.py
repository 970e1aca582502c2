"""Words are kept as long as their purpose says, then deleted; that a text was sent stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from consent.models import Purpose
from messaging.models import InboundMessage, Message

# Confirmations, answers and codes; and what people texted to us.
SYSTEM_TEXTS_KEPT = timedelta(days=90)
INBOUND_TEXTS_KEPT = timedelta(days=730)
SLICE = 10_000


def forget_old_words(*, at: datetime) -> int:
    """Delete the words whose time is over, some thousands of each kind a call."""
    texts = Message.objects.exclude(text_ciphertext=None)
    forgotten = _forget(texts.filter(purpose=None, settled_at__lt=at - SYSTEM_TEXTS_KEPT))
    for purpose in Purpose.objects.all():
        kept_until = at - timedelta(days=purpose.retention_days)
        forgotten += _forget(texts.filter(purpose=purpose, settled_at__lt=kept_until))
    received = InboundMessage.objects.exclude(text_ciphertext=None)
    return forgotten + _forget(received.filter(received_at__lt=at - INBOUND_TEXTS_KEPT))


def _forget(rows: QuerySet[Message] | QuerySet[InboundMessage]) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:SLICE])
    return rows.model.objects.filter(pk__in=ids).update(text_ciphertext=None)
