"""The words of messages at rest: under the subject's own key, bound to their message."""

from __future__ import annotations

from messaging.models import InboundMessage, Message
from subscribers import encryption
from subscribers.encryption import UnableToDecrypt
from subscribers.models import SubjectKey, Subscriber


def key_of(subscriber: Subscriber) -> bytes | None:
    """The person's own; None where it is lost or destroyed."""
    key = SubjectKey.objects.filter(subscriber=subscriber).first()
    try:
        return key.key if key else None
    except UnableToDecrypt:
        return None


def seal_text(body: str, *, key: bytes, receipt_token: str) -> bytes:
    return encryption.encrypt_with(key, body.encode(), place=_place(receipt_token))


def open_text(ciphertext: bytes | memoryview, *, key: bytes, receipt_token: str) -> str:
    return encryption.decrypt_with(key, bytes(ciphertext), place=_place(receipt_token)).decode()


def seal_inbound(body: str, *, key: bytes, provider_message_id: str) -> bytes:
    """A text from the person: no ciphertext of ours opens in its place, whatever ids coincide."""
    place = _inbound_place(provider_message_id)
    return encryption.encrypt_with(key, body.encode(), place=place)


def open_inbound(ciphertext: bytes | memoryview, *, key: bytes, provider_message_id: str) -> str:
    place = _inbound_place(provider_message_id)
    return encryption.decrypt_with(key, bytes(ciphertext), place=place).decode()


def words_of(received: InboundMessage, *, key: bytes | None) -> str:
    """What the person wrote, or "" when the words are not kept any more, or its key is not."""
    if key is None or received.text_ciphertext is None:
        return ""
    number = received.provider_message_id
    return open_inbound(received.text_ciphertext, key=key, provider_message_id=number)


def _inbound_place(provider_message_id: str) -> str:
    return f"inbound text|{provider_message_id}"


def _place(receipt_token: str) -> str:
    return f"message text|{receipt_token}"


def erased_id(provider_message_id: str) -> str:
    """What stays of a provider's id after erasure: enough to know a repeated delivery by."""
    return f"erased {encryption.digest(provider_message_id, use='provider id').hex()}"


def text_of(message: Message) -> str:
    """The words of a message, or "" when none are kept any more."""
    key = SubjectKey.objects.filter(subscriber_id=message.subscriber_id).first()
    if key is None or message.text_ciphertext is None:
        return ""
    return open_text(message.text_ciphertext, key=key.key, receipt_token=message.receipt_token)
