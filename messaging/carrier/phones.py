"""The virtual phones and what is on their screens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import phonenumbers

# A benchmark texts a million phones: only those used last, and their last texts, are remembered.
MOST_PHONES = 20_000
MOST_LINES = 100


@dataclass(slots=True)
class Line:
    """One text on a screen; `at` in Unix seconds, `service` the other side's number or name."""

    at: float
    is_reply: bool
    service: str
    text: str


@dataclass(slots=True)
class Phone:
    id: str
    number: str
    lines: list[Line] = field(default_factory=list)
    unread: int = 0

    @property
    def last_service(self) -> str:
        return self.lines[-1].service if self.lines else ""

    def show(self, line: Line) -> None:
        self.lines.append(line)
        if len(self.lines) > MOST_LINES:
            del self.lines[0]
        self.unread = 0 if line.is_reply else self.unread + 1


class Phones:
    """All phones; the one used last comes last."""

    def __init__(self) -> None:
        self._by_number: dict[str, Phone] = {}
        self._by_id: dict[str, Phone] = {}

    def with_number(self, number: str, *, known_id: str = "") -> Phone:
        """The phone with that number, switched on now if it was not there, as the last used."""
        phone = self._by_number.pop(number, None)
        if phone is None:
            phone = Phone(known_id or secrets.token_urlsafe(9), number)
            self._by_id[phone.id] = phone
        self._by_number[number] = phone
        if len(self._by_number) > MOST_PHONES:
            self._forget_oldest()
        return phone

    def with_id(self, phone_id: str) -> Phone | None:
        return self._by_id.get(phone_id)

    def latest(self, count: int) -> list[Phone]:
        numbers = reversed(self._by_number.values())
        return [phone for phone, _ in zip(numbers, range(count), strict=False)]

    def restore(self, entries: Iterable[dict[str, Any]]) -> None:
        """Rebuild the screens from log lines in the order of their time. All count as read."""
        for entry in entries:
            phone = self.with_number(entry["number"], known_id=entry["handset"])
            if "text" in entry:
                is_reply = entry["kind"] == "reply"
                service = entry["to"] if is_reply else entry["from"]
                phone.show(Line(entry["wall"], is_reply, service, entry["text"]))
                phone.unread = 0

    def _forget_oldest(self) -> None:
        oldest = self._by_number.pop(next(iter(self._by_number)))
        del self._by_id[oldest.id]


def mask(number: str) -> str:
    """The country code and the last two digits, as Yeslist shows numbers to staff."""
    try:
        code = str(phonenumbers.parse(number).country_code)
    except phonenumbers.NumberParseException:
        code = ""
    return f"+{code} {'•' * max(3, len(number) - len(code) - 3)}{number[-2:]}"
