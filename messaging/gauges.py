"""A rate beside its limit, drawn by the server: no script, and readable without colors."""

from __future__ import annotations

from dataclasses import dataclass

from messaging.breaker import Measured

WIDTH = 1000


@dataclass(frozen=True)
class Gauge:
    """Percentages, and where they lie in a drawing 1000 wide."""

    code: str
    hits: int
    texts: int
    rate: float
    at_least: float
    limit: float
    rate_x: float
    at_least_x: float
    limit_x: float
    is_over: bool


def gauge(measured: Measured) -> Gauge:
    """The limit stands in the middle, until the rate needs more room."""
    full = max(2 * measured.limit, 1.1 * measured.rate)

    def x(share: float) -> float:
        return round(WIDTH * share / full, 2)

    return Gauge(
        code=measured.code,
        hits=measured.hits,
        texts=measured.texts,
        rate=100 * measured.rate,
        at_least=100 * measured.at_least,
        limit=100 * measured.limit,
        rate_x=x(measured.rate),
        at_least_x=x(measured.at_least),
        limit_x=x(measured.limit),
        is_over=measured.is_over,
    )
