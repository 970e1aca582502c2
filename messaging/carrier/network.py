"""What the carrier does with a text or a reply, and what it remembers of them over a restart."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import Any

from messaging.carrier.journal import Journal
from messaging.carrier.phones import Line, Phone, Phones
from messaging.carrier.switches import Switches
from messaging.carrier.taken import Taken
from messaging.carrier.webhooks import Webhooks

BETWEEN_RECEIPTS_SECONDS = 0.05


@dataclass(frozen=True)
class Submission:
    number: str
    service: str
    text: str
    receipt_url: str
    reference: str


class Network:
    """`log` holds every accepted submission and nothing else; `replies` what the phones did."""

    def __init__(self, state: Path, *, secret: str, webhook_url: str) -> None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log = Journal(state / "log.jsonl")
        self.replies = Journal(state / "replies.jsonl")
        self.phones = Phones()
        self.taken = Taken()
        self.switches = Switches()
        self.webhooks = Webhooks(
            secret=secret,
            inbound_url=f"{webhook_url}/providers/simulator/inbound/",
            taken=self._note_taken,
        )

    async def open(self) -> None:
        await self.webhooks.open()
        acts = (entry for entry in self.replies.replay() if entry["kind"] != "taken")
        self.phones.restore(merge(self.log.replay(), acts, key=lambda entry: float(entry["wall"])))
        for entry in self.log.replay():
            self.taken.note(entry["reference"], entry["id"])
        for reply in self._untaken_replies():
            self._send(reply)

    async def close(self) -> None:
        await self.webhooks.close()
        self.log.close()
        self.replies.close()

    def accept(self, submission: Submission) -> str:
        """Log the text, show it on the phone, plan its receipts; its id."""
        phone = self.phones.with_number(submission.number)
        entry = self._log(submission, phone)
        self.taken.note(submission.reference, entry["id"])
        phone.show(Line(entry["wall"], False, submission.service, submission.text))
        if submission.receipt_url:
            self._plan_receipts(entry["id"], submission)
        return str(entry["id"])

    def open_phone(self, number: str) -> Phone:
        phone = self.phones.with_number(number)
        entry = {"kind": "phone", "wall": time.time(), "handset": phone.id, "number": number}
        self.replies.append(entry)
        return phone

    def reply(self, phone: Phone, service: str, text: str) -> None:
        entry: dict[str, Any] = {
            "kind": "reply", "wall": time.time(), "id": secrets.token_urlsafe(12),
            "handset": phone.id, "number": phone.number, "to": service, "text": text,
        }  # fmt: skip
        self.replies.append(entry)
        # A person sees their text leave: it is not lost even if we are killed now.
        self.replies.flush()
        self.phones.with_number(phone.number).show(Line(entry["wall"], True, service, text))
        self._send(entry)

    def _log(self, submission: Submission, phone: Phone) -> dict[str, Any]:
        entry = {
            "kind": "text", "monotonic": time.monotonic(), "wall": time.time(),
            "id": secrets.token_urlsafe(12), "reference": submission.reference,
            "handset": phone.id, "number": submission.number, "from": submission.service,
            "text": submission.text,
        }  # fmt: skip
        self.log.append(entry)
        return entry

    def _plan_receipts(self, text_id: str, submission: Submission) -> None:
        status = self.switches.receipts
        if status == "none":
            return
        report = {"id": text_id, "reference": submission.reference, "status": status}
        report["error_code"] = "phone_unreachable" if status == "undelivered" else ""
        reports = [report] * (2 if self.switches.receipts_doubled else 1)
        if self.switches.receipts_reversed:
            reports.append(report | {"status": "accepted", "error_code": ""})
        for nth, each in enumerate(reports):
            after = self.switches.receipt_delay_ms / 1000 + nth * BETWEEN_RECEIPTS_SECONDS
            self.webhooks.send_receipt(submission.receipt_url, each, after=after)

    def _send(self, reply: dict[str, Any]) -> None:
        payload = {"id": reply["id"], "from": reply["number"], "to": reply["to"]}
        self.webhooks.send_reply(reply["handset"], payload | {"text": reply["text"]})

    def _note_taken(self, reply_id: str) -> None:
        now = {"monotonic": time.monotonic(), "wall": time.time()}
        self.replies.append({"kind": "taken", "id": reply_id, **now})

    def _untaken_replies(self) -> Iterator[dict[str, Any]]:
        untaken: dict[str, dict[str, Any]] = {}
        for entry in self.replies.replay():
            if entry["kind"] == "reply":
                untaken[entry["id"]] = entry
            elif entry["kind"] == "taken":
                untaken.pop(entry["id"], None)
        yield from untaken.values()
