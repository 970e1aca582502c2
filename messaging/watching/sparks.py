"""A minute in small bars, drawn by the server: no script, and the same figures stand in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 60


@dataclass(frozen=True)
class Spark:
    """Rectangles (x, y, width, height) for the seconds in which something left, and the height
    at which a lane runs at its full rate; None: it was far below that."""

    bars: list[tuple[float, float, float, float]]
    full_y: float | None
    most: int
    mean: float


def spark(values: Sequence[int], *, full: float) -> Spark:
    """`values` a second, `full` the rate that is allowed."""
    most = max(values, default=0)
    # A line far above all bars would press them flat.
    shows_full = full <= 3 * most
    top = max(most, full if shows_full else 0, 1)
    step = WIDTH / max(len(values), 1)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - value / top), 2)

    return Spark(
        bars=[
            (round(place * step, 2), y(value), round(0.8 * step, 2), round(HEIGHT - y(value), 2))
            for place, value in enumerate(values)
            if value
        ],
        full_y=y(full) if shows_full else None,
        most=most,
        mean=sum(values) / max(len(values), 1),
    )
