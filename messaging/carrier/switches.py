"""What the carrier can be told to do wrong."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FAILURES = ("none", "reject", "throttle", "server_error_after_accepting", "hang")
RECEIPTS = ("delivered", "undelivered", "none")
LIMITS = {"share": 100, "delay_ms": 60_000, "lost_responses": 100, "receipt_delay_ms": 600_000}


class BadSwitch(Exception):
    """No such switch, or no such position of it."""


@dataclass(frozen=True)
class Switches:
    """`share` and `lost_responses` are percentages of the submissions they befall."""

    failure: str = "none"
    share: int = 100
    delay_ms: int = 0
    lost_responses: int = 0
    receipts: str = "delivered"
    receipt_delay_ms: int = 300
    receipts_doubled: bool = False
    receipts_reversed: bool = False

    def changed(self, wanted: Mapping[str, Any]) -> Switches:
        for name, value in wanted.items():
            if not _is_allowed(name, value):
                raise BadSwitch(name)
        return dataclasses.replace(self, **wanted)

    def failure_now(self) -> str:
        """The failure that befalls the next submission."""
        return self.failure if self.failure != "none" and _befalls(self.share) else "none"

    def loses_response_now(self) -> bool:
        return _befalls(self.lost_responses)


def _befalls(share: int) -> bool:
    return share > 0 and secrets.randbelow(100) < share


def _is_allowed(name: str, value: object) -> bool:
    if name in LIMITS:
        return type(value) is int and 0 <= value <= LIMITS[name]
    if name in ("receipts_doubled", "receipts_reversed"):
        return isinstance(value, bool)
    choices = {"failure": FAILURES, "receipts": RECEIPTS}.get(name, ())
    return value in choices
