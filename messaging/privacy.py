"""What this app holds about a person."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from messaging.models import COUNTS_AS_SENT, InboundMessage, Message, MessageState
from messaging.reasons import joined, reasons
from messaging.texts import erased_id, key_of, text_of, words_of
from subscribers.models import Subscriber
from subscribers.privacy import HistoryLine


class MessageStore:
    label = "texts"
    holds = (Message, InboundMessage)

    def describe(self) -> str:
        return "The texts sent to the person and received from them (encrypted), with outcomes."

    def export(self, subscriber: Subscriber) -> dict[str, object]:
        sent = Message.objects.filter(subscriber=subscriber).order_by("queued_at")
        return {
            "sent": [
                {
                    "at": m.queued_at.isoformat(),
                    "kind": m.kind,
                    "state": m.state,
                    "text": text_of(m),
                    "sender": m.sender.address,
                    "campaign": m.campaign.name if m.campaign else None,
                    "why_not": reasons(m),
                }
                for m in sent.select_related("sender", "campaign")
            ],
            "received": [_received(i) for i in subscriber.inbound_texts.order_by("received_at")],
        }

    def history(self, subscriber: Subscriber) -> list[HistoryLine]:
        sent = Message.objects.filter(subscriber=subscriber).select_related("sender")
        received = subscriber.inbound_texts.all()
        return [*map(_sent_line, sent), *map(_received_line, received)]

    def erase(self, subscriber: Subscriber, *, at: datetime) -> None:
        """The words go; that something was sent stays, as the accounts must add up."""
        mine = Message.objects.filter(subscriber=subscriber)
        mine.filter(state=MessageState.QUEUED).update(state=MessageState.CANCELLED, settled_at=at)
        mine.update(text_ciphertext=None, provider_message_id="")
        # By its own id the provider could still tell whose number it was.
        for inbound in InboundMessage.objects.filter(subscriber=subscriber):
            inbound.text_ciphertext = None
            inbound.provider_message_id = erased_id(inbound.provider_message_id)
            inbound.save(update_fields=["text_ciphertext", "provider_message_id"])


def _received(inbound: InboundMessage) -> dict[str, object]:
    return {
        "at": inbound.received_at.isoformat(),
        "text": _received_text(inbound),
        "understood_as": inbound.meaning,
    }


def _received_text(inbound: InboundMessage) -> str:
    if inbound.subscriber is None:
        return ""
    return words_of(inbound, key=key_of(inbound.subscriber))


def _sent_line(message: Message) -> HistoryLine:
    details = {
        _("Kind"): message.get_kind_display(),
        _("What became of it"): message.get_state_display(),
        _("What should have been true, and was not"): joined(reasons(message)),
    }
    went = message.state in COUNTS_AS_SENT
    return HistoryLine(
        message.queued_at,
        _("A text to you") if went else _("A text for you"),
        {name: said for name, said in details.items() if said},
        text_of(message),
    )


def _received_line(inbound: InboundMessage) -> HistoryLine:
    details = {_("Understood as"): inbound.get_meaning_display()}
    return HistoryLine(inbound.received_at, _("A text from you"), details, _received_text(inbound))
