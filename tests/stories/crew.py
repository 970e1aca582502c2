"""The worker processes of the stories: real Celery workers on the test database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection

from messaging.models import Message, MessageState
from messaging.silence import OUTLASTS_SECONDS

OTHER_QUEUES = "confirm,inbound,ledger,maintenance"
EVERYONE_ELSE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Crew:
    """Frozen between stories, so that nothing moves while the tables are emptied."""

    def __init__(self, logs: Path, environment: dict[str, str]) -> None:
        self._logs, self.environment = logs, environment
        self._started = 0
        self._permitted_until = 0.0
        self.bulk: list[subprocess.Popen[bytes]] = []
        self.others: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        """Two workers: one for campaigns, one for everything else, with the beat.

        One that was put to sleep with a permitted text of the last story must not wake in time to
        write it into this one.
        """
        time.sleep(max(0.0, self._permitted_until - time.monotonic()))
        if not self.bulk:
            self.hire_bulk()
        if not self.others:
            self.others.append(self._start(OTHER_QUEUES, "-c", "1", "-B"))
        for worker in [*self.bulk, *self.others]:
            os.killpg(worker.pid, signal.SIGCONT)

    def hire_bulk(self) -> subprocess.Popen[bytes]:
        """One more worker for campaigns."""
        self.bulk.append(self._start("bulk", "-c", "2"))
        return self.bulk[-1]

    def kill_bulk(self) -> None:
        """At once, in whatever they are doing, as a power cut would."""
        while self.bulk:
            _kill(self.bulk.pop())

    def kill_all(self) -> None:
        self.kill_bulk()
        while self.others:
            _kill(self.others.pop())

    def rest(self) -> None:
        while len(self.bulk) > 1:
            _kill(self.bulk.pop())
        for worker in [*self.bulk, *self.others]:
            os.killpg(worker.pid, signal.SIGSTOP)
        with connection.cursor() as cursor:
            cursor.execute(EVERYONE_ELSE)
        if Message.objects.filter(state=MessageState.SUBMITTING).exists():
            self._permitted_until = time.monotonic() + OUTLASTS_SECONDS

    def _start(self, queues: str, *options: str) -> subprocess.Popen[bytes]:
        self._started += 1
        name = f"worker{self._started}"
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", queues]
        quiet = ["-n", f"{name}@test", "--without-gossip", "--without-mingle"]
        schedule = ["-s", str(self._logs / f"{name}.beat")] if "-B" in options else []
        with (self._logs / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [*command, *quiet, *options, *schedule],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ends_of_logs(self, characters: int) -> dict[str, str]:
        """The last that each worker wrote, by its name."""
        logs = sorted(self._logs.glob("*.log"))
        return {log.stem: log.read_text(errors="replace")[-characters:] for log in logs}

    def logs(self) -> str:
        """Everything any worker wrote."""
        return "".join(path.read_text(errors="replace") for path in self._logs.glob("*.log"))


def _kill(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
