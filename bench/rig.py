"""Servers, workers and judge of one benchmark, in a state folder that is removed at its end.

The database is durable: fsync and synchronous commit are on. `tuned` is what one would set on a
machine of this size.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from config.stack import programs
from config.stack.folders import claim_folder
from config.stack.layout import DATABASE, StackLayout
from config.stack.lock import StackLock
from config.stack.postgres import Postgres
from config.stack.processes import Child, stop_leftovers
from config.stack.programs import LOOPBACK, free_port, listen_on
from config.stack.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
GIGABYTE = 1 << 30
OTHER_QUEUES = "confirm,inbound,maintenance"
PATIENCE_SECONDS = 60.0


def tuned() -> dict[str, str]:
    """What differs from PostgreSQL's defaults."""
    buffers = min(2 * GIGABYTE, psutil.virtual_memory().total // 4)
    return {"shared_buffers": f"{buffers >> 20}MB", "max_wal_size": "4GB", "min_wal_size": "1GB"}


class Rig:
    """What runs; `carrier_log` is what the judge wrote."""

    def __init__(self, layout: StackLayout) -> None:
        self.layout = layout
        self.postgres, self.valkey = Postgres(layout), Valkey(layout)
        self.postgres.settings |= tuned()
        self.carrier_log = layout.home / "texts.log"
        self.stages = layout.home / "stages"
        self._carrier_port = free_port()
        # Open from the start, so that the address is ours; `start_web` lets somebody answer there.
        self._listener = listen_on(free_port())
        self.children: list[Child] = []

    def start_servers(self) -> None:
        self.postgres.start()
        self.valkey.start()
        self.postgres.create_database(DATABASE)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="bench.settings",
            DATABASE_URL=self.layout.database_url,
            REDIS_URL=self.layout.redis_url,
            STATE_DIR=str(self.layout.home),
            CARRIER_URL=f"http://{LOOPBACK}:{self._carrier_port}",
            PUBLIC_URL=self.site,
            BENCH_ERASURE_LIST=str(self.layout.erasure_list),
            BENCH_STAGES=str(self.stages),
        )

    @property
    def site(self) -> str:
        return f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def prepare_database(self) -> None:
        from django import setup

        setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)

    def start_carrier(self, *, latency_ms: float = 0, receipts: str = "none") -> Child:
        options = f"--port {self._carrier_port} --log {self.carrier_log}"
        options += f" --latency-ms {latency_ms} --receipts {receipts}"
        command = [sys.executable, str(ROOT / "bench" / "carrier.py"), *options.split()]
        return self._start("carrier", command, {"CARRIER_SECRET": "only-for-tests"})

    def start_worker(
        self, name: str, queues: str, processes: int, *, app: str = "config", beat: bool = False
    ) -> Child:
        """A Celery worker, ready for work when this returns."""
        options = f"-A {app} worker -Q {queues} -n {name}@bench -c {processes} -l info"
        options += " --without-gossip --without-mingle"
        if beat:
            options += f" -B -s {self.layout.beat_schedule}"
        # As in the product's own stack.
        behind = ["nice", "-n", "5"] if "bulk" in queues.split(",") else []
        child = self._start(name, [*behind, sys.executable, "-m", "celery", *options.split()])
        child.wait_until(lambda: "ready." in self.said(child), seconds=PATIENCE_SECONDS)
        return child

    def start_crew(self, processes: int, *, app: str = "bench.stages") -> list[Child]:
        """The worker of campaigns, with that many processes, and one for the rest, with the beat.

        Nobody serves the queue of the ledger: the people loaded were sealed before, or wait.
        """
        return [
            self.start_worker("bulk", "bulk", processes, app=app),
            self.start_worker("others", OTHER_QUEUES, 1, beat=True),
        ]

    def start_web(self, application: str, environment: Mapping[str, str]) -> Child:
        """The product's web processes, with another module around the same application."""
        child = programs.web(self.layout, self._listener, environment)
        child.command = [application if part == "config.wsgi" else part for part in child.command]
        return self.start(child)

    def start_inbox(self) -> Child:
        """Who takes the receipts; `start_crew` afterwards, so that the workers know its address."""
        if not hasattr(programs, "inbox"):
            return self.start_web("config.wsgi", {})
        port = free_port()
        os.environ["RECEIPTS_URL"] = f"http://{LOOPBACK}:{port}"
        return self.start(programs.inbox(self.layout, port, {}))

    def start(self, child: Child) -> Child:
        child.start()
        self.children.append(child)
        return child

    def _start(self, name: str, command: list[str], environment: Mapping[str, str] = {}) -> Child:
        return self.start(Child(name, command, self.layout, environment=environment))

    def child(self, name: str) -> Child:
        return next(child for child in self.children if child.name == name)

    def said(self, child: Child) -> str:
        log = self.layout.log_file(child.name)
        return log.read_bytes()[child.log_offset :].decode(errors="replace")

    def stop(self, *children: Child) -> None:
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.end(deadline=time.monotonic() + 20)
            if child in self.children:
                self.children.remove(child)

    def stop_all(self) -> None:
        self.stop(*self.children)
        self.valkey.stop()
        self.postgres.stop()
        self._listener.close()

    def ends_of_logs(self) -> str:
        return "\n".join(f"--- {child.name}\n{self.said(child)[-3000:]}" for child in self.children)


@contextmanager
def rig(name: str) -> Iterator[Rig]:
    """Servers and an empty, migrated database; Django is set up inside."""
    os.chdir(ROOT)
    layout = StackLayout(ROOT / ".local" / f"bench-{name}")
    claim_folder(layout.home)
    lock = StackLock(layout.lock_file)
    lock.take(f"pid {os.getpid()}")
    stop_leftovers(layout)
    _empty(layout)
    made = Rig(layout)
    try:
        made.start_servers()
        made.prepare_database()
        yield made
    finally:
        made.stop_all()
        lock.release()
        shutil.rmtree(layout.home, ignore_errors=True)


def _empty(layout: StackLayout) -> None:
    """What a killed run left; the copy of the programs and our lock may stay.

    Whatever was noted then would be taken for this run's: the clock is the machine's.
    """
    for path in (layout.postgres_folder, layout.valkey_folder, layout.home / "log"):
        shutil.rmtree(path, ignore_errors=True)
    for path in layout.home.iterdir():
        if path.is_file() and path != layout.lock_file:
            path.unlink()


def query(statement: str, parameters: Any = None) -> tuple[Any, ...]:
    """The first row."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def cpu_seconds(child: Child) -> float:
    """What a child and its own children have used so far, the ended ones included."""
    assert child.process is not None
    parent = psutil.Process(child.process.pid)
    while True:
        before = parent.children(recursive=True)
        try:
            used = sum(_seconds_of(each) for each in (parent, *before))
        except psutil.NoSuchProcess:
            continue
        # Whoever ended in between would count twice, or not at all.
        if before == parent.children(recursive=True):
            return used


def _seconds_of(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system + used.children_user + used.children_system)
