"""What happened around an act of consent, as far as it proves something."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime

LONGEST_USER_AGENT = 120


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """`shown_text` is exactly what the person saw; `boxes` maps purpose code to ticked or not."""

    page_address: str = ""
    shown_text: str = ""
    boxes: dict[str, bool] = field(default_factory=dict)
    client_address: str = ""
    user_agent: str = ""

    def as_evidence(self) -> dict[str, object]:
        return {
            "page_address": self.page_address,
            "shown_text": self.shown_text,
            "boxes": self.boxes,
            "network": address_block(self.client_address),
            "user_agent": self.user_agent[:LONGEST_USER_AGENT],
        }


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A text from the person, as the provider handed it to us."""

    words: str = field(repr=False)
    provider: str
    provider_message_id: str

    def as_evidence(self, received_at: datetime) -> dict[str, object]:
        return {
            "reply": self.words,
            "provider": self.provider,
            "provider_message_id": self.provider_message_id,
            "received_at": received_at.isoformat(),
        }


def address_block(client_address: str) -> str:
    """The network an address belongs to: /24 of IPv4, /64 of IPv6; "" when unreadable.

    A block is enough to limit a flood and to show where a request came from;
    the whole address would single out a household.
    """
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    bits = 24 if address.version == 4 else 64
    return str(ipaddress.ip_network((address, bits), strict=False))
