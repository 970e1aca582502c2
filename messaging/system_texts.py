"""Queues the texts that consent asks for (the setting CONSENT_TEXT_SENDER)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from kombu.exceptions import OperationalError

from consent.texts import TextKind
from messaging.models import ANSWERS, Message, MessageKind, Sender
from messaging.models.messages import receipt_token
from messaging.parts import parts
from messaging.silence import await_silence
from messaging.tasks import send_system_texts
from messaging.texts import seal_text
from subscribers.models import Subscriber

log = logging.getLogger(__name__)
# A code or an answer that comes later than this only puzzles.
USEFUL_FOR = timedelta(minutes=30)
# Nobody waits for these: they may wait for a decent hour. They go only while their request is open.
USEFUL_LONGER = {TextKind.RECONFIRMATION: timedelta(days=14), TextKind.GUARDIAN: timedelta(days=2)}


class SystemTexts:
    def queue(
        self,
        *,
        kind: TextKind,
        subscriber: Subscriber,
        body: str,
        language: str,
        at: datetime,
        confirmation_id: int | None,
    ) -> None:
        """Write the row; the confirm worker finds it. Without a sender the text is not queued."""
        senders = Sender.objects.filter(sends_system_texts=True, is_active=True)
        sender_id = senders.values_list("pk", flat=True).first()
        if sender_id is None:
            log.error("no active sender carries system texts: a %s text was not queued", kind)
            return
        token = receipt_token()
        Message.objects.create(
            kind=MessageKind(kind.value),
            subscriber=subscriber,
            confirmation_id=confirmation_id,
            sender_id=sender_id,
            language=language,
            parts=parts(body),
            text_ciphertext=seal_text(body, key=subscriber.subject_key.key, receipt_token=token),
            receipt_token=token,
            send_after=at,
            lapses_at=at + USEFUL_LONGER.get(kind, USEFUL_FOR),
            queued_at=at,
        )
        # Many may say STOP at once. The tick of the next second answers all of them in one turn.
        if kind.value not in ANSWERS:
            _wake_once()

    def await_silence(self, *, subscriber_id: int, locked_at: float) -> None:
        await_silence(subscriber_id, locked_at=locked_at)


def _wake_once() -> None:
    """After the commit, however many texts the transaction queues."""
    planned = (entry[1] for entry in connection.run_on_commit)
    if wake_confirm_worker not in planned:
        transaction.on_commit(wake_confirm_worker, robust=True)


def wake_confirm_worker() -> None:
    """Someone is waiting. If the broker is gone, the tick of the next second does as well."""
    try:
        send_system_texts.apply_async(expires=5, retry=False)
    except OperationalError:
        log.warning("the broker does not answer; the confirm worker finds its work by itself")


def system_address() -> str:
    """The number people text START to: where confirmations come from; "" before there is one."""
    senders = Sender.objects.filter(sends_system_texts=True, is_active=True)
    return senders.values_list("address", flat=True).first() or ""
