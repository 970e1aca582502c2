"""How fast a campaign leaves: `make bench-send` (N=200000 WORKERS=2 LATENCY_MS=0 STAGES=...).

Real Celery workers and the real operations; the sender's rate is far above what any machine
reaches. The judge is a carrier in a process of its own (bench/carrier.py): a text counts when it
stands in that log. The first texts of a campaign, its canary, go alone and are then watched for a
second or more, so they are not counted. Everything runs on one machine: database, cache, workers,
carrier, and this script.

STAGES, separated by commas, are parts of the run: `send`, `batched` and `receipts` (the same once
more, with a delivery report for each text, some hundred in one request or one request each),
`plain` (one task for each message, see bench/plain.py), `ceiling` (bare clients, see
bench/ceiling.py).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rig import PATIENCE_SECONDS, ROOT, Rig, cpu_seconds, rig

N = int(os.environ.get("N", "200000"))
WORKERS = int(os.environ.get("WORKERS", "2"))
LATENCY_MS = float(os.environ.get("LATENCY_MS", "0"))
STAGES = os.environ.get("STAGES", "send,batched,receipts,plain,ceiling").split(",")
PLAIN = int(os.environ.get("PLAIN", "3000"))
CEILING = int(os.environ.get("CEILING", "20000"))
NO_YES, STOPPED = 0.02, 0.01
LOAD_BEFORE = os.getloadavg()[0]
Figures = dict[str, Any]


def main() -> None:
    with rig("send") as made:
        from bench.campaigns import any_hour, new_list
        from bench.judge import LogReader

        any_hour()
        people = new_list("Everyone")
        log = LogReader(made.carrier_log)
        figures: Figures = {"people_per_s": load_people(people.pk)}
        for stage, measure in MEASURES.items():
            if stage in STAGES:
                receipts = {"receipts": "single", "batched": "batched"}.get(stage, "none")
                carrier = made.start_carrier(latency_ms=LATENCY_MS, receipts=receipts)
                figures |= measure(made, people, log)
                made.stop(carrier)
        show(figures)


def load_people(list_id: int) -> int:
    from django.utils import timezone

    from bench.people import Plan, load

    plan = Plan(N, list_id, timezone.now(), withdrawn=NO_YES, suppressed=STOPPED)
    return round(N / load(plan))


def send(made: Rig, people: Any, log: Any) -> Figures:
    """One campaign to everybody, from its start to the last row."""
    from bench import campaigns, judge, stages

    crew = made.start_crew(WORKERS)
    busy = (made.child("bulk"), made.postgres.child)
    cpu = [cpu_seconds(child) for child in busy]
    began = time.monotonic()
    campaign = campaigns.start(campaigns.draft("Send", people))
    with explained(made):
        audience = campaigns.await_cut(campaign) - began
        campaigns.await_end(campaign, log.size)
    took = time.monotonic() - began
    cpu = [cpu_seconds(child) - before for child, before in zip(busy, cpu, strict=True)]
    time.sleep(1)  # the last sums of the stages, the last lines of the log
    made.stop(*crew)
    texts = log.new()
    after_canary = texts[campaign.canary_size :]
    # Writing the audience has a figure of its own, and sending begins before it is done.
    counted = [text for text in after_canary if text.at >= began + audience]
    return {
        "messages_per_s": round(judge.per_second(counted)),
        "with_audience_per_s": round(judge.per_second(after_canary)),
        "first_tenth_per_s": round(judge.per_second(judge.tenth(counted, 0))),
        "last_tenth_per_s": round(judge.per_second(judge.tenth(counted, 9))),
        "audience_s": round(audience, 2),
        "start_to_finish_s": round(took, 2),
        "texts": len(texts),
        **judge.look_up(texts)._asdict(),
        **stages.collected(made.stages, len(texts)),
        "worker_cpu_us": round(cpu[0] / len(texts) * 1e6),
        "database_cpu_us": round(cpu[1] / len(texts) * 1e6),
    }


def receipts(made: Rig, people: Any, log: Any) -> Figures:
    """One more campaign to everybody; the carrier reports each text by a request of its own."""
    return {"with_receipts_per_s": _until_applied("Receipts", made, people, log)}


def batched(made: Rig, people: Any, log: Any) -> Figures:
    """The same; the carrier reports some hundred texts in one request."""
    return {"with_batched_receipts_per_s": _until_applied("Batched", made, people, log)}


def _until_applied(name: str, made: Rig, people: Any, log: Any) -> int:
    """Counts until the last receipt is applied."""
    from bench import campaigns

    takers = [made.start_inbox()]
    crew = made.start_crew(WORKERS, app="config")
    campaign = campaigns.start(campaigns.draft(name, people))
    with explained(made):
        campaigns.await_end(campaign, log.size)
        campaigns.await_receipts(campaign)
    ended = time.monotonic()
    made.stop(*crew, *takers)
    counted = log.new()[campaign.canary_size :]
    return round(len(counted) / (ended - counted[0].at))


@contextmanager
def explained(made: Rig) -> Iterator[None]:
    """A campaign that gets stuck ends the run with what the workers said last."""
    from bench.campaigns import Stalled

    try:
        yield
    except Stalled:
        raise SystemExit(f"the campaign got stuck\n{made.ends_of_logs()}") from None


def plain(made: Rig, people: Any, log: Any) -> Figures:
    from bench import judge
    from bench import plain as peer
    from tests import cast

    peer.publish(people.pk, cast.news().pk, PLAIN)
    worker = made.start_worker("plain", "plain", WORKERS, app="bench.plain")
    give_up = time.monotonic() + PATIENCE_SECONDS + PLAIN / 100
    while peer.left() and time.monotonic() < give_up:
        time.sleep(0.2)
    time.sleep(0.1)
    made.stop(worker)
    return {"plain_per_s": round(judge.per_second(log.new()))}


def ceiling(made: Rig, people: Any, log: Any) -> Figures:
    """Bare clients, as many processes as the workers have: our own, and aiohttp beside it."""
    carrier = made.child("carrier")
    before, served = cpu_seconds(carrier), 0
    figures: Figures = {}
    for client, name in (("own", "client_ceiling"), ("aiohttp", "aiohttp_ceiling")):
        figures |= _ceiling(client, name, log)
        served += WORKERS * CEILING
    figures["carrier_cpu_us"] = round((cpu_seconds(carrier) - before) / served * 1e6, 1)
    return figures


def _ceiling(client: str, name: str, log: Any) -> Figures:
    from bench import judge

    command = [sys.executable, str(ROOT / "bench" / "ceiling.py"), str(CEILING), client]
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(WORKERS)]
    said = [each.communicate()[0] for each in clients]
    if any(each.returncode for each in clients):
        raise SystemExit("a bare client failed")
    time.sleep(0.1)
    return {
        f"{name}_per_s": round(judge.per_second(log.new())),
        f"{name}_cpu_us": round(sum(map(float, said)) / len(said), 1),
    }


MEASURES = {
    "send": send,
    "batched": batched,
    "receipts": receipts,
    "plain": plain,
    "ceiling": ceiling,
}
WORDS = {
    "messages_per_s": "texts each second, once the audience is written",
    "with_audience_per_s": "the same from the first after the canary on, while it is being written",
    "first_tenth_per_s": "the same, of the first tenth",
    "last_tenth_per_s": "the same, of the last tenth",
    "with_batched_receipts_per_s": "the same, with receipts of some hundred texts in one request",
    "with_receipts_per_s": "the same with a receipt for each, until the last is applied",
    "plain_per_s": "texts each second with one task for each message",
    "ratio_to_plain": "how many times as fast",
    "client_ceiling_per_s": "requests each second of our bare client to the same carrier",
    "client_ceiling_cpu_us": "microseconds of one core for each of those",
    "aiohttp_ceiling_per_s": "requests each second by aiohttp",
    "aiohttp_ceiling_cpu_us": "microseconds of one core for each of those",
    "audience_s": "seconds from the start until the whole audience was written",
    "start_to_finish_s": "seconds from the start until every person had an outcome",
    "texts": "texts that left",
    "duplicates": "texts that left twice",
    "unauthorized": "texts to people who had not agreed, or had said stop",
    "worker_cpu_us": "microseconds of one core for each text: the workers of campaigns",
    "database_cpu_us": "microseconds of one core for each text: the database",
    "carrier_cpu_us": "microseconds of one core for each text: the carrier",
    "people_per_s": "people loaded each second before it began",
    "people": "people on the list",
    "workers": "worker processes for campaigns",
    "latency_ms": "milliseconds until the carrier answers",
    "cores": "cores",
    "load_before": "load of the machine before it began",
}


def show(figures: Figures) -> None:
    if figures.get("plain_per_s") and "messages_per_s" in figures:
        figures["ratio_to_plain"] = round(figures["messages_per_s"] / figures["plain_per_s"], 1)
    figures |= {
        "people": N,
        "workers": WORKERS,
        "latency_ms": LATENCY_MS,
        "cores": os.cpu_count(),
        "load_before": round(LOAD_BEFORE, 1),
    }
    for name, words in WORDS.items():
        if name in figures:
            print(f"{figures[name]:>10}  {words}")
    cpu = figures.get("stage_cpu_us", {})
    for stage, microseconds in figures.get("stage_us", {}).items():
        print(f"{microseconds:>10}  microseconds for each text, {cpu[stage]} of them CPU: {stage}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
