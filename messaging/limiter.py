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
# Returns parts granted, the start of the first in microseconds from now, and the state
# before and after.
RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, wanted = tonumber(ARGV[1]), tonumber(ARGV[3])
local tolerance = (tonumber(ARGV[2]) - 1) * interval
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local room = math.floor((now + tonumber(ARGV[4]) + tolerance - arrival) / interval) + 1
local granted = math.max(0, math.min(wanted, room))
local paid_off = string.format('%.0f', arrival + granted * interval)
if granted > 0 then
  local kept = math.ceil((tonumber(paid_off) - now) / 1000000) + tonumber(ARGV[5])
  redis.call('SET', KEYS[1], paid_off, 'EX', kept)
end
local begins = string.format('%.0f', arrival)
return {granted, string.format('%.0f', arrival - tolerance - now), begins, paid_off}
"""
# ARGV: the state before and after the reservation, microseconds of the parts used, and of
# those beyond what was reserved (negative: unused). Slots go back only while the state is
# exactly what the reservation left: behind it, others may have been given theirs. A charge
# is always taken, behind everybody.
SETTLE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local state, beyond = redis.call('GET', KEYS[1]), tonumber(ARGV[4])
local arrival
if state == ARGV[2] then
  arrival = tonumber(ARGV[1]) + tonumber(ARGV[3])
elseif beyond > 0 then
  arrival = math.max(tonumber(state or 0), now) + beyond
else
  return
end
local kept = math.ceil(math.max(0, arrival - now) / 1000000) + tonumber(ARGV[5])
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'EX', kept)
"""


class LimiterUnavailable(Exception):
    """Redis or Valkey does not answer, so no rate can be reserved."""


@dataclass(frozen=True)
class Reservation:
    """`parts` may leave, the first `first_after` seconds from now, then one each `interval`.

    `begins` and `ends` are the sender's state before and after, in microseconds of the
    server's clock, as the server wrote them.
    """

    parts: int
    first_after: float
    interval: float
    begins: str
    ends: str

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
        granted, first, begins, ends = _redis().eval(RESERVE, 1, _key(sender), *arguments)
    except RedisError:
        raise LimiterUnavailable from None
    return Reservation(
        parts=int(granted),
        first_after=float(first) / 1_000_000,
        interval=interval / 1_000_000,
        begins=begins.decode(),
        ends=ends.decode(),
    )


def settle(sender: Sender, reservation: Reservation, *, used: int) -> None:
    """Give back the parts of a reservation that nobody will use, or charge those beyond it.

    Once for each reservation, and before its texts leave: what came back later than that
    would be lost time. Raises `LimiterUnavailable`.
    """
    if used == reservation.parts:
        return
    interval = reservation.interval * 1_000_000
    arguments = (used * interval, (used - reservation.parts) * interval, STATE_KEPT_SECONDS)
    try:
        _redis().eval(SETTLE, 1, _key(sender), reservation.begins, reservation.ends, *arguments)
    except RedisError:
        raise LimiterUnavailable from None
