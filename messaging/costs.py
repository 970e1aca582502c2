"""What a campaign costs, before anyone approves it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from messaging.models import Sender


@dataclass(frozen=True)
class Cost:
    """`amount` in `currency`; None where the sender has no price."""

    texts: int
    parts: int
    amount: Decimal | None
    # Of one part, without needless zeros; "" where it is unknown.
    price: str
    currency: str


def cost(*, texts: int, parts: int, sender: Sender) -> Cost:
    """An estimate by the sender's price per part: providers bill by country and carrier."""
    price = sender.price_per_part
    if price is None:
        return Cost(texts, parts, None, "", "")
    return Cost(texts, parts, parts * price, f"{price.normalize():f}", sender.currency)
