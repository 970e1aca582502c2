"""How fast lanes really are: counters in Redis or Valkey, one for each second.

They are figures to look at. Nothing decides by them, and losing them loses nothing.
"""

from __future__ import annotations

import contextlib
import functools
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

SECONDS = 60
KEPT_SECONDS = 15 * 60
# A turn waits for nothing that only draws a line.
PATIENCE_SECONDS = 0.25
COUNTED = ("asked", "left", "parts")
Lane = tuple[int, bool]


class ReadingsUnavailable(Exception):
    """Redis or Valkey does not answer, so nobody knows how fast the lanes are."""


@dataclass(frozen=True)
class Reading:
    """One lane in the last whole minute, a figure for each second, the oldest first.

    `asked`: parts that its turns wanted to send; `left`: texts handed to the provider, which have
    `parts` parts.
    """

    asked: tuple[int, ...] = (0,) * SECONDS
    left: tuple[int, ...] = (0,) * SECONDS
    parts: tuple[int, ...] = (0,) * SECONDS

    @property
    def texts_per_second(self) -> float:
        return sum(self.left) / SECONDS

    @property
    def parts_per_second(self) -> float:
        return sum(self.parts) / SECONDS


@functools.cache
def _redis() -> Redis:
    patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
    return Redis.from_url(settings.REDIS_URL, **patience)


def note_turn(
    *, sender_id: int, marketing: bool, asked: int, left: int, parts: int, at: datetime
) -> None:
    """Count one turn of a lane in the second of `at`; never raises.

    `asked` parts were due and wanted; `left` texts of `parts` parts were handed over.
    """
    counts = {"asked": asked, "left": left, "parts": parts}
    second = int(at.timestamp())
    key = _minute_key((sender_id, marketing), second // SECONDS)
    with contextlib.suppress(RedisError, OSError):
        pipeline = _redis().pipeline(transaction=False)
        for name, count in counts.items():
            if count:
                pipeline.hincrby(key, f"{second % SECONDS}:{name}", count)
                pipeline.hincrby(
                    _totals_key(), f"{_lane_name((sender_id, marketing))}:{name}", count
                )
        pipeline.expire(key, KEPT_SECONDS)
        pipeline.execute()


def readings(*, sender_ids: Collection[int], at: datetime) -> dict[Lane, Reading]:
    """The last whole minute of both lanes of each sender, by (sender id, marketing).

    Raises `ReadingsUnavailable`.
    """
    lanes = [(sender_id, marketing) for sender_id in sender_ids for marketing in (True, False)]
    # The second that is going on is not whole yet.
    first = int(at.timestamp()) - SECONDS
    minutes = sorted({first // SECONDS, (first + SECONDS - 1) // SECONDS})
    found = _hashes([_minute_key(lane, minute) for lane in lanes for minute in minutes])
    by_key = iter(found)
    return {lane: _reading({m: next(by_key) for m in minutes}, first) for lane in lanes}


def totals() -> dict[Lane, dict[str, int]]:
    """What every lane did since the counters began, by name as in `COUNTED`; they only grow until
    Redis or Valkey forgets them. Raises `ReadingsUnavailable`."""
    [counted] = _hashes([_totals_key()])
    found: dict[Lane, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0))
    for name, count in counted.items():
        sender_id, lane, what = name.split(":")
        found[int(sender_id), lane == "campaigns"][what] = count
    return dict(found)


def is_available() -> bool:
    """Whether Redis or Valkey answers: without it no rate can be reserved, so nothing leaves."""
    try:
        return bool(_redis().ping())
    except (RedisError, OSError):
        return False


def _hashes(keys: list[str]) -> list[dict[str, int]]:
    pipeline = _redis().pipeline(transaction=False)
    for key in keys:
        pipeline.hgetall(key)
    try:
        answers = pipeline.execute()
    except (RedisError, OSError):
        raise ReadingsUnavailable from None
    return [{name.decode(): int(count) for name, count in answer.items()} for answer in answers]


def _reading(by_minute: dict[int, dict[str, int]], first: int) -> Reading:
    def series(name: str) -> tuple[int, ...]:
        return tuple(
            by_minute[second // SECONDS].get(f"{second % SECONDS}:{name}", 0)
            for second in range(first, first + SECONDS)
        )

    return Reading(*map(series, COUNTED))


def _minute_key(lane: Lane, minute: int) -> str:
    return f"{settings.KEY_PREFIX}:turns:{_lane_name(lane)}:{minute}"


def _totals_key() -> str:
    return f"{settings.KEY_PREFIX}:turned"


def _lane_name(lane: Lane) -> str:
    sender_id, marketing = lane
    return f"{sender_id}:{'campaigns' if marketing else 'system'}"
