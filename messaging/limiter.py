"""How fast a sender may go: GCRA, exact over any number of workers and machines.

The state is one number per sender in Redis or Valkey, the theoretical arrival
time of the next part, moved by one script on the server's clock. Redis gone
means no reservation: marketing waits.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from messaging.models import Sender

HORIZON_SECONDS = 0.8  # a permission is good for one second; see messaging.lanes.turn
STATE_KEPT_SECONDS = 3600  # beyond the time when the last reservation is paid off

# KEYS[1] the sender's state; ARGV: microseconds per part, burst, parts wanted, horizon.
# Returns parts granted and the start of the first, in microseconds from now.
RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, wanted = tonumber(ARGV[1]), tonumber(ARGV[3])
local tolerance = (tonumber(ARGV[2]) - 1) * interval
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local room = math.floor((now + tonumber(ARGV[4]) + tolerance - arrival) / interval) + 1
local granted = math.max(0, math.min(wanted, room))
if granted > 0 then
  local paid_off = arrival + granted * interval
  local kept = math.ceil((paid_off - now) / 1000000) + tonumber(ARGV[5])
  redis.call('SET', KEYS[1], string.format('%.0f', paid_off), 'EX', kept)
end
return {granted, string.format('%.0f', arrival - tolerance - now)}
"""
# More parts left than were reserved, or fewer: ARGV[1] microseconds either way.
ADJUST = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  local arrival = tonumber(redis.call('GET', KEYS[1])) + tonumber(ARGV[1])
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'KEEPTTL')
end
"""


class LimiterUnavailable(Exception):
    """Redis or Valkey does not answer, so no rate can be reserved."""


@dataclass(frozen=True)
class Reservation:
    """`parts` may leave, the first `first_after` seconds from now, then one each `interval`."""

    parts: int
    first_after: float
    interval: float

    def starts_after(self, parts_before: int) -> float:
        """Seconds from the reservation until a text may start that has so many parts before it."""
        return max(0.0, self.first_after + parts_before * self.interval)


@functools.cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3)


def _key(sender: Sender) -> str:
    return f"{settings.KEY_PREFIX}:rate:{sender.pk}"


def _interval_microseconds(sender: Sender) -> float:
    return 1_000_000 / float(sender.parts_per_second)


def reserve(sender: Sender, parts: int) -> Reservation:
    """Reserve up to `parts` that start within the horizon; raises `LimiterUnavailable`."""
    interval = _interval_microseconds(sender)
    arguments = (interval, sender.burst, parts, HORIZON_SECONDS * 1_000_000, STATE_KEPT_SECONDS)
    try:
        granted, first = _redis().eval(RESERVE, 1, _key(sender), *arguments)
    except RedisError:
        raise LimiterUnavailable from None
    return Reservation(int(granted), float(first) / 1_000_000, interval / 1_000_000)


def adjust(sender: Sender, parts: int) -> None:
    """Charge parts beyond what was reserved; negative: give unused ones back."""
    if parts == 0:
        return
    try:
        _redis().eval(ADJUST, 1, _key(sender), parts * _interval_microseconds(sender))
    except RedisError:
        raise LimiterUnavailable from None
