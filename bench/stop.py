"""Whether STOP holds while texts leave: `make bench-stop` (N=500000 STOPS=10000 WORKERS=2).

A campaign leaves at full rate, and another one after it where that is over too soon. Meanwhile
people whose text is leaving, or comes next, say STOP: signed webhooks to real web processes over
HTTP, a few at a time (CONNECTIONS=4). The answer is the acknowledgement; its time is
taken when the status line has arrived, on the same clock as the carrier's log. A campaign text
that stands in that log later than the acknowledgement to its number is what must never be.
The one text that answers the STOP itself may come, and is told apart by its row.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# A campaign that so many answer with STOP is paused by the breaker, rightly; not here.
os.environ["BREAKER_OPT_OUT_PERCENT"] = "50"

from bench.carrier import number_after, signed_request
from bench.judge import Text
from bench.rig import Rig, query, rig

N = int(os.environ.get("N", "500000"))
STOPS = int(os.environ.get("STOPS", "10000"))
WORKERS = int(os.environ.get("WORKERS", "2"))
CONNECTIONS = int(os.environ.get("CONNECTIONS", "4"))
# So few wait to be stopped that they are still leaving when their turn comes.
AIMED_AT_ONCE = 8
# No more than three a day reach anyone, whatever was promised: the rule of our own default policy.
MOST_CAMPAIGNS = 3
LOAD_BEFORE = os.getloadavg()[0]
# Not from the newest row on: that is the last of many that wait.
NEWEST = """
    SELECT max(m.id) FROM (SELECT id FROM messaging_message
        WHERE campaign_id = %(campaign)s AND state IN ('submitting', 'unknown')
          AND permitted_at > now() - interval '2 seconds' OFFSET 0) m
"""
# A range of ids: sorting all that waits, for the next eight, would take a quarter of a processor.
AIM = """
    SELECT x.subscriber_id FROM (SELECT * FROM messaging_message
        WHERE id BETWEEN %(first)s AND %(first)s + 2000 OFFSET 0) x
    WHERE x.campaign_id = %(campaign)s AND x.state IN ('submitting', 'queued')
    ORDER BY x.id LIMIT %(some)s
"""


@dataclass
class Shots:
    """When each number's STOP was acknowledged, and how long that took, in seconds."""

    acknowledged: dict[str, float] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)
    said: int = 0
    # From when to when STOPs were said, for each campaign.
    periods: list[tuple[float, float]] = field(default_factory=list)


class Phones:
    """Says STOP for the people aimed at, over connections that stay open."""

    def __init__(self, site: str) -> None:
        self._host = urlsplit(site).netloc
        self.shots = Shots()

    async def speak(self, aimed: asyncio.Queue[str]) -> None:
        """One connection, one STOP after the other, until it is cancelled."""
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while True:
            number, began = await aimed.get(), time.monotonic()
            while number not in self.shots.took:
                try:
                    streams = streams or await asyncio.open_connection(*self._host.split(":"))
                    await self._say_stop(*streams, number, began)
                except (OSError, asyncio.IncompleteReadError):
                    # The server closes a connection that was idle: once more, as providers do.
                    streams = None
            aimed.task_done()

    async def _say_stop(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: str, began: float
    ) -> None:
        text = {"id": f"stop-{number[1:]}", "from": number, "to": "Library", "text": "STOP"}
        path = "/providers/simulator/inbound/"
        writer.write(signed_request(self._host, path, text, secret=b"only-for-tests"))
        status = await reader.readuntil(b"\r\n")
        now = time.monotonic()
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(number_after(head.lower(), b"content-length:"))
        if b"connection: close" in head.lower():
            writer.close()
        self.shots.took[number] = now - began
        if status.startswith(b"HTTP/1.1 2"):
            self.shots.acknowledged[number] = now


def main() -> None:
    with rig("stop") as made:
        from django.utils import timezone

        from bench import campaigns, people
        from tests import cast

        campaigns.any_hour()
        cast.sender()  # it carries the answers to STOP
        everyone, first_id = campaigns.new_list("Everyone"), people.next_id()
        people.load(people.Plan(N, everyone.pk, timezone.now()))
        waits = made.layout.home / "waits"
        made.start_web("bench.web", {"BENCH_WAITS": str(waits)})
        made.start_carrier()
        made.start_crew(WORKERS, app="config")
        phones = Phones(made.site)
        for nth in range(MOST_CAMPAIGNS):
            _one_campaign(made, phones, everyone, first_id, nth)
            if phones.shots.said >= STOPS:
                break
        time.sleep(3)  # whatever is late would leave now
        made.stop(*made.children)
        show(judged(made, phones.shots, Waits(waits, first_id)))


def _one_campaign(made: Rig, phones: Phones, people: Any, first_id: int, nth: int) -> None:
    from bench import campaigns

    campaign = campaigns.start(campaigns.draft(f"Stopped {nth}", people))
    _await_canary(made, campaign)
    began = time.monotonic()
    asyncio.run(shoot(phones, campaign.pk, first_id, STOPS - phones.shots.said))
    phones.shots.periods.append((began, time.monotonic()))
    time.sleep(2)
    campaigns.end(campaign)


def _await_canary(made: Rig, campaign: Any) -> None:
    give_up = time.monotonic() + 120
    while campaign.canary_size and campaign.canary_passed_at is None:
        time.sleep(0.1)
        campaign.refresh_from_db()
        if time.monotonic() > give_up:
            raise SystemExit(f"the canary never passed\n{made.ends_of_logs()}")


async def shoot(phones: Phones, campaign_id: int, first_id: int, most: int) -> None:
    """STOPs until there are enough or nothing of the campaign is left."""
    aimed: asyncio.Queue[str] = asyncio.Queue(AIMED_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        speaking = [group.create_task(phones.speak(aimed)) for _ in range(CONNECTIONS)]
        async for person in in_flight(Aim(campaign_id, phones.shots), most):
            phones.shots.said += 1
            await aimed.put(_number(person - first_id))
        await aimed.join()
        for task in speaking:
            task.cancel()


async def in_flight(aim: Aim, most: int) -> AsyncIterator[int]:
    """People whose text is leaving when their STOP arrives, each once, while the campaign runs."""
    seen: set[int] = set()
    while len(seen) < most:
        found = await asyncio.to_thread(aim.take)
        if found is None:
            return
        fresh = [person for person in found if person not in seen][: most - len(seen)]
        seen.update(fresh)
        for person in fresh:
            yield person
        if not fresh:
            await asyncio.sleep(0.01)


class Aim:
    """A STOP needs a while to arrive, so it is aimed ahead of the texts that are leaving now."""

    def __init__(self, campaign_id: int, shots: Shots) -> None:
        self._campaign_id, self._shots = campaign_id, shots
        self._began: tuple[float, int] | None = None

    def take(self) -> list[int] | None:
        """Subscribers; None when the campaign is over."""
        newest = query(NEWEST, {"campaign": self._campaign_id})[0]
        if newest is None:
            running = "SELECT status = 'running' FROM messaging_campaign WHERE id = %s"
            return [] if query(running, [self._campaign_id])[0] else None
        return self._from(newest + self._lead(newest)) or self._from(newest)

    def _from(self, first: int) -> list[int]:
        from django.db import connection

        some = {"campaign": self._campaign_id, "some": AIMED_AT_ONCE, "first": first}
        with connection.cursor() as cursor:
            cursor.execute(AIM, some)
            return [person for (person,) in cursor.fetchall()]

    def _lead(self, newest: int) -> int:
        """How far the campaign comes until the STOP has its lock; anything up to twice that."""
        now = time.monotonic()
        if self._began is None:
            self._began = (now, newest)
        began, first = self._began
        lately = list(self._shots.took.values())[-50:]
        if not lately or now <= began:
            return 0
        each_second = (newest - first) / (now - began)
        return int(random.uniform(0, 2) * each_second * statistics.median(lately))


def _number(nth: int) -> str:
    from bench.rows import number

    return number("GB", nth)


class Waits:
    """What the web processes noted: when each STOP had done waiting, and whether it had to."""

    def __init__(self, path: Path, first_id: int) -> None:
        lines = [line.split() for line in path.read_text().splitlines()]
        self.done = {_number(int(person) - first_id): float(at) for at, person, _waited in lines}
        self.share = sum(waited == "1" for _at, _person, waited in lines) / max(1, len(lines))


def judged(made: Rig, shots: Shots, waits: Waits) -> dict[str, Any]:
    from bench import judge

    texts = judge.LogReader(made.carrier_log).new()
    seconds = sum(last - first for first, last in shots.periods)
    meanwhile = sum(first <= t.at <= last for t in texts for first, last in shots.periods)
    took = sorted(1000 * each for each in shots.took.values())
    after_ack, answers = _later(texts, shots.acknowledged)
    return {
        "stops": len(shots.acknowledged),
        "after_ack": after_ack,
        "after_wait": _later(texts, waits.done)[0],
        "not_acknowledged": shots.said - len(shots.acknowledged),
        "waited_pct": round(100 * waits.share, 1),
        "ack_p50_ms": round(statistics.median(took), 1),
        "ack_p99_ms": round(took[len(took) * 99 // 100], 1),
        "ack_max_ms": round(took[-1], 1),
        "stops_per_s": round(len(took) / seconds, 1),
        "texts_per_s": round(meanwhile / seconds),
        "answers": answers,
        "duplicates": len(texts) - len({text.reference for text in texts}),
    }


def _later(texts: Sequence[Text], moments: dict[str, float]) -> tuple[int, int]:
    """Texts to each number after its moment: those of campaigns, and answers to a STOP."""
    from messaging.models import Message

    late = [text.reference for text in texts if text.at > moments.get(text.number, math.inf)]
    ids = [reference.partition(".")[0] for reference in late]
    known = Message.objects.filter(pk__in=ids, campaign=None).count()
    return len(late) - known, known


WORDS = {
    "stops": "STOPs acknowledged",
    "after_ack": "campaign texts that left to someone after the acknowledgement",
    "after_wait": "the same, already from when the web process had done waiting",
    "not_acknowledged": "STOPs that got another answer",
    "waited_pct": "% of the STOPs found a text leaving and waited for it",
    "ack_p50_ms": "milliseconds until the acknowledgement, median",
    "ack_p99_ms": "milliseconds until the acknowledgement, 99th percentile",
    "ack_max_ms": "milliseconds until the acknowledgement, the slowest",
    "stops_per_s": "STOPs each second",
    "texts_per_s": "texts each second meanwhile",
    "answers": "texts that answered a STOP",
    "duplicates": "texts that left twice",
    "workers": "worker processes for campaigns",
    "cores": "cores",
    "load_before": "load of the machine before it began",
}


def show(figures: dict[str, Any]) -> None:
    figures |= {
        "workers": WORKERS,
        "cores": os.cpu_count(),
        "load_before": round(LOAD_BEFORE, 1),
    }
    for name, words in WORDS.items():
        print(f"{figures[name]:>10}  {words}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
