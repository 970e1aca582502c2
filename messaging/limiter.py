"""How fast texts may leave: GCRA, exact over any number of workers and machines.

A text needs room with its sender, with its provider account, and where its country has a limit,
there. The state of each is one number in Redis or Valkey, the theoretical arrival time of the
next part, moved by one script on the server's clock. Redis gone means no room: marketing waits.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

from django.conf import settings
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from messaging.models import RateLimit, Sender

HORIZON_SECONDS = 0.8  # a permission is good for one second; see messaging.lanes.turn
# Between the reservation and the first write the permission has to be committed. Who started late
# would crowd into the slots behind, so nobody is given a slot before this; a turn that knows that
# it takes longer says so.
LEAD_SECONDS = 0.1
LONGEST_LEAD_SECONDS = 0.4
# A text may leave that much later than its slot, since processes and networks are no clocks: so
# much of the burst is kept for that. Who leaves later yet pays for another slot.
LATE_SECONDS = 0.03
STATE_KEPT_SECONDS = 3600  # beyond the time when the last reservation is paid off
# People are locked meanwhile, and a STOP waits for them.
ANSWERS_WITHIN_SECONDS = 0.5

# KEYS the states; ARGV[1] their paces [[microseconds per part, burst], …], [2] the microseconds
# that a text may start ahead, [3] those that it has to, [4] how many of the keys count for every
# text, [5] seconds to keep a state.
PRELUDE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local paces, horizon, lead = cjson.decode(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local common = tonumber(ARGV[4])
local arrivals = {}
for k, key in ipairs(KEYS) do
  arrivals[k] = math.max(tonumber(redis.call('GET', key) or 0), now + lead)
end
-- When a text of so many parts may start by one key: in the slot of its last part, or where it is
-- longer than any burst, alone.
local function start(k, parts)
  local interval, burst = paces[k][1], paces[k][2]
  return arrivals[k] + (math.min(parts, burst) - burst) * interval
end
"""
# Returns the parts that may start within the horizon, and microseconds until there is room.
LOOK = (
    PRELUDE
    + """
local room, wait = 1 / 0, 0
for k = 1, common do
  local first, interval = start(k, 1), paces[k][1]
  room = math.min(room, math.floor((now + horizon - first) / interval) + 1)
  wait = math.max(wait, first - now - horizon)
end
return string.format('%.0f %.0f', math.floor(math.max(0, room)), math.max(0, wait))
"""
)
# ARGV[6]: the texts [[parts, key of the country or 0], …]. Returns for each, in one word, its start
# in microseconds from now, -1 where there is no room. Who is behind somebody without room in the
# common keys waits too: nobody is overtaken by a shorter text.
RESERVE = (
    PRELUDE
    + """
local texts, starts, full = cjson.decode(ARGV[6]), {}, false
for i, text in ipairs(texts) do
  local keys, at = {}, now + lead
  for k = 1, common do keys[k] = k end
  if text[2] > 0 then keys[common + 1] = text[2] end
  local fits = not full
  for _, k in ipairs(keys) do
    local by_key = start(k, text[1])
    if by_key > now + horizon then
      fits = false
      full = full or k <= common
    end
    at = math.max(at, by_key)
  end
  if fits then
    for _, k in ipairs(keys) do arrivals[k] = arrivals[k] + text[1] * paces[k][1] end
  end
  starts[i] = fits and string.format('%.0f', at - now) or '-1'
end
for k, key in ipairs(KEYS) do
  local kept = math.ceil((arrivals[k] - now) / 1000000) + tonumber(ARGV[5])
  redis.call('SET', key, string.format('%.0f', arrivals[k]), 'EX', kept)
end
return table.concat(starts, ' ')
"""
)


class LimiterUnavailable(Exception):
    """Redis or Valkey does not answer, so no rate can be reserved."""


class Room(NamedTuple):
    """`parts` may start within the horizon; where none may, there is room in `wait` seconds."""

    parts: int
    wait: float


class Load(NamedTuple):
    """A text as the limiter sees it: its parts, and the ISO code of its country or ""."""

    parts: int
    country: str = ""


class Rates(Protocol):
    """What a turn asks before texts leave."""

    def room(self) -> Room:
        """How much could leave now, at a glance: others may be quicker."""
        ...

    def reserve(self, texts: Sequence[Load]) -> list[float | None]:
        """Seconds from now at which each may start; None: it has to wait for another turn."""
        ...


class Pace(NamedTuple):
    key: str
    interval: float  # microseconds per part
    burst: int

    @classmethod
    def of(cls, key: str, limit: Sender | RateLimit) -> Self:
        name = f"{settings.KEY_PREFIX}:rate:{key}"
        rate = float(limit.parts_per_second)
        return cls(name, 1_000_000 / rate, max(1, limit.burst - int(rate * LATE_SECONDS)))


@dataclass(frozen=True)
class SharedRates:
    """The rates of one sender as all workers share them. Its methods raise `LimiterUnavailable`.

    `lead`: seconds until a text can start at the earliest.
    """

    common: tuple[Pace, ...]
    by_country: dict[str, Pace]
    lead: float = LEAD_SECONDS

    @classmethod
    def of(cls, sender: Sender) -> Self:
        common, by_country = [Pace.of(f"{sender.pk}", sender)], {}
        for limit in RateLimit.objects.filter(provider=sender.provider):
            pace = Pace.of(f"{sender.provider}:{limit.country}", limit)
            if limit.country:
                by_country[limit.country] = pace
            else:
                common.append(pace)
        return cls(tuple(common), by_country)

    def room(self) -> Room:
        parts, wait = self._ask(LOOK, self.common)
        return Room(parts, wait / 1_000_000)

    def reserve(self, texts: Sequence[Load]) -> list[float | None]:
        if not texts:
            return []
        countries = sorted({text.country for text in texts} & self.by_country.keys())
        nth = {country: n for n, country in enumerate(countries, start=len(self.common) + 1)}
        paces = (*self.common, *(self.by_country[country] for country in countries))
        asked = json.dumps([[text.parts, nth.get(text.country, 0)] for text in texts])
        starts = self._ask(RESERVE, paces, asked)
        return [None if start < 0 else start / 1_000_000 for start in starts]

    def _ask(self, script: str, paces: Sequence[Pace], *more: str) -> list[int]:
        ahead = [HORIZON_SECONDS * 1_000_000, self.lead * 1_000_000]
        shown = json.dumps([[pace.interval, pace.burst] for pace in paces])
        arguments: list[str | float] = [shown, *ahead, len(self.common), STATE_KEPT_SECONDS, *more]
        try:
            answer: bytes = _script(_redis(), script)([pace.key for pace in paces], arguments)
        except RedisError:
            raise LimiterUnavailable from None
        return [int(word) for word in answer.split()]


@functools.cache
def _redis() -> Redis:
    patience = ANSWERS_WITHIN_SECONDS
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=patience, socket_connect_timeout=patience
    )


@functools.cache
def _script(redis: Redis, body: str) -> Script:
    return redis.register_script(body)
