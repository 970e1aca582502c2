"""Workers that are meant to die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.carrier import wait_until

OTHER_QUEUES = "confirm,inbound,ledger,maintenance"


@dataclass
class Workers:
    """Process groups by name; whoever dies is replaced when somebody looks."""

    logs: Path
    environment: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    logs_of: dict[str, Path] = field(default_factory=dict)
    started: int = 0

    def hire(self, name: str, queues: str, *options: str, clock: float = 0) -> None:
        self.started += 1
        own = f"{name}{self.started}"
        command = [sys.executable, "-m", "celery", "-A", "tests.chaos.app", "worker"]
        quiet = ["-n", f"{own}@chaos", "--without-gossip", "--without-mingle", "-l", "info"]
        schedule = ["-s", str(self.logs / f"{own}.beat")] if "-B" in options else []
        self.logs_of[name] = self.logs / f"{own}.log"
        with self.logs_of[name].open("wb") as log:
            self.running[name] = subprocess.Popen(
                [*command, "-Q", queues, *quiet, *options, *schedule],
                env=self.environment | {"CHAOS_CLOCK_SECONDS": str(clock)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def complete(self) -> None:
        """One for campaigns, one for everything else with the beat; none of them missing."""
        for name, queues, options in (
            ("bulk", "bulk", ("-c", "2")),
            ("others", OTHER_QUEUES, ("-c", "2", "-B")),
        ):
            if name not in self.running or self.running[name].poll() is not None:
                self.hire(name, queues, *options)

    def are_ready(self) -> None:
        """Until all of them listen; a start takes seconds."""
        wait_until(lambda: all(" ready." in log for log in self._logs_now()), seconds=60)

    def _logs_now(self) -> list[str]:
        return [self.logs_of[name].read_text(errors="replace") for name in self.running]

    def kill(self, name: str) -> None:
        """At once, with all its children, as a power cut would."""
        worker = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def kill_all(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def ends_of_logs(self, characters: int) -> dict[str, str]:
        logs = sorted(self.logs.glob("*.log"))
        return {log.stem: log.read_text(errors="replace")[-characters:] for log in logs}
