"""A stacked bar drawn by the server: no script, and readable without colors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from messaging.models import MessageState

WIDTH = 1000
S = MessageState
# From what arrived to what never will, as the eye should meet them.
ORDER = (
    S.DELIVERED, S.ACCEPTED, S.SUBMITTING, S.UNKNOWN, S.QUEUED, S.UNKNOWN_FINAL, S.UNDELIVERED,
    S.EXPIRED, S.REJECTED, S.WITHHELD, S.CANCELLED, S.LAPSED,
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """One state's share; `x` and `width` are in a bar of 1000."""

    state: str
    label: str
    count: int
    percent: float
    x: float
    width: float


def pieces(by_state: Mapping[MessageState, int]) -> list[Piece]:
    """The states that occur, in a fixed order, so that the bar does not jump while it grows."""
    total = sum(by_state.values())
    drawn: list[Piece] = []
    x = 0.0
    for state in ORDER:
        count = by_state.get(state, 0)
        if count:
            width = WIDTH * count / total
            label = str(state.label)
            percent = 100 * count / total
            drawn.append(Piece(state.value, label, count, percent, round(x, 2), round(width, 2)))
            x += width
    return drawn
