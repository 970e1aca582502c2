"""The simulated carrier of the demo, `python -m messaging.carrier`."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from phonenumbers import NumberParseException
from phonenumbers import parse as parse_number

from messaging.carrier import signature
from messaging.models import MessageState
from messaging.providers.base import (
    Found,
    HttpProvider,
    InboundText,
    OutgoingText,
    ReceiptReport,
    read_object,
)
from messaging.providers.errors import NotSigned, OutOfPlace, Unreadable, safe_code
from messaging.providers.webhook import Webhook
from subscribers.models import Subscriber

E164 = re.compile(r"\+[1-9]\d{6,14}")
LONGEST_TEXT = 2000
LOOKS_AGAIN_AFTER = 60.0


class Simulator(HttpProvider):
    status_words: ClassVar[Mapping[str, MessageState]] = {
        "accepted": MessageState.ACCEPTED,
        "delivered": MessageState.DELIVERED,
        "undelivered": MessageState.UNDELIVERED,
        "expired": MessageState.EXPIRED,
    }
    opt_out_codes = frozenset({"recipient_opted_out"})
    gone_codes = frozenset({"number_not_in_service", "landline"})
    complaint_codes = frozenset({"reported_as_spam"})
    can_be_asked = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._looked_at = -LOOKS_AGAIN_AFTER

    def check_place(self) -> None:
        """The checks at the start say the same; people can come to a database later."""
        if not settings.DEMO:
            raise OutOfPlace
        if time.monotonic() < self._looked_at + LOOKS_AGAIN_AFTER:
            return
        if Subscriber.objects.filter(is_sample=False).exists():
            raise OutOfPlace
        self._looked_at = time.monotonic()

    def address(self) -> str:
        return f"{settings.CARRIER_URL}/messages"

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {settings.CARRIER_SECRET}"}

    def payload(self, text: OutgoingText) -> Mapping[str, str]:
        return {
            "to": text.to,
            "from": text.sender_address,
            "text": text.body,
            "receipt_url": text.receipt_url,
            "reference": text.reference,
        }

    def accepted_id(self, answer: Mapping[str, Any]) -> object:
        return answer.get("id")

    def refusal_code(self, answer: Mapping[str, Any]) -> object:
        return answer.get("error")

    def lookup_address(self, reference: str) -> str:
        return f"{self.address()}?{urlencode({'reference': reference})}"

    def found(self, answer: Mapping[str, Any]) -> Found | None:
        word = answer.get("status")
        if word == "unknown":
            return None
        state = self.status_words.get(str(word))
        if state is None:
            raise Unreadable("status: unknown word")
        return Found(str(answer.get("id", "")), state)

    def verify(self, webhook: Webhook) -> None:
        if not signature.is_valid(
            settings.CARRIER_SECRET,
            timestamp=webhook.headers.get(signature.TIMESTAMP_HEADER, ""),
            signed=webhook.headers.get(signature.SIGNATURE_HEADER, ""),
            body=webhook.body,
            now=time.time(),
        ):
            raise NotSigned

    def receipts(self, webhook: Webhook, reference: str) -> list[ReceiptReport]:
        """About one text, or "reports" about many, each with its own reference."""
        said = _object(webhook)
        if "reports" not in said:
            return [self._report(said, reference)]
        return [self._report(each, _text(each, "reference", 41)) for each in _reports(said)]

    def _report(self, report: Mapping[str, Any], reference: str) -> ReceiptReport:
        state = self.status_words.get(_text(report, "status", 20))
        if state is None:
            raise Unreadable("status: unknown word")
        code = safe_code(report["error_code"]) if report.get("error_code") else ""
        return ReceiptReport(reference=reference, state=state, error_code=code)

    def inbound(self, webhook: Webhook) -> list[InboundText]:
        text = _object(webhook)
        number = _text(text, "from", 16)
        if not _is_number(number):
            raise Unreadable("from: not a number in international form")
        return [
            InboundText(
                provider_message_id=_text(text, "id", 80),
                from_number=number,
                to_address=_text(text, "to", 20),
                body=_text(text, "text", LONGEST_TEXT, may_be_empty=True),
            )
        ]


def _is_number(text: str) -> bool:
    try:
        return bool(E164.fullmatch(text) and parse_number(text))
    except NumberParseException:
        return False


def _object(webhook: Webhook) -> dict[str, Any]:
    found = read_object(webhook.body)
    if found is None:
        raise Unreadable("not a JSON object")
    return found


def _reports(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    reports = said["reports"]
    if not isinstance(reports, list) or not all(isinstance(each, dict) for each in reports):
        raise Unreadable("reports: a list of objects wanted")
    return reports


def _text(
    source: Mapping[str, Any], field: str, longest: int, *, may_be_empty: bool = False
) -> str:
    value = source.get(field)
    if not isinstance(value, str) or len(value) > longest or not (value or may_be_empty):
        raise Unreadable(f"{field}: text of at most {longest} characters wanted")
    if not (value.isprintable() or (field == "text" and _can_be_kept(value))):
        raise Unreadable(f"{field}: has characters no text can have")
    return value


def _can_be_kept(text: str) -> bool:
    """JSON can carry half a character, and the character that no database keeps."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
