"""Child processes: started apart from our terminal, logged to a file, stopped to the last one."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import psutil

from config.stack.errors import UnableToStart
from config.stack.identity import OURSELVES, Identity
from config.stack.layout import StackLayout

# Every process of the stack carries these two in its environment. A pid can be given to a stranger,
# this mark cannot: whoever carries it is ours.
MARK = "YESLIST_STACK"
PART = "YESLIST_STACK_PART"
SERVERS = ("postgres", "valkey")
GRACE_SECONDS = 10.0
LOG_LIMIT = 10_000_000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Child:
    """One process of the stack and what it starts itself."""

    name: str
    command: Sequence[str]
    layout: StackLayout
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = OURSELVES
    stop_signal: signal.Signals = signal.SIGTERM
    inherited: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    log_offset: int = 0

    def start(self) -> None:
        with os.fdopen(self._open_log(), "ab") as log:
            self.log_offset = log.tell()
            self.process = subprocess.Popen(
                [*self.identity.prefix, *self.command],
                env=os.environ | dict(self.environment) | self._marks,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.inherited,
                preexec_fn=self._before_exec,
                user=self.identity.uid,
                group=self.identity.uid,
                extra_groups=None if self.identity.uid is None else [],
            )

    def run(self) -> int:
        """Start it and wait for its end; the exit code."""
        self.start()
        self.end(deadline=math.inf)
        return self.process.returncode if self.process else 0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def outcome(self) -> str:
        code = self.process.returncode if self.process else None
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit {code}"

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise UnableToStart(f"{self.name} did not start: {self.last_words()}")
            if time.monotonic() > deadline:
                raise UnableToStart(
                    f"{self.name} was not ready within {seconds:.0f} s: {self.last_words()}"
                )
            time.sleep(0.05)

    def ask_to_stop(self) -> None:
        if self.process and self.running:
            self.process.send_signal(self.stop_signal)

    def stop(self, *, seconds: float) -> None:
        self.ask_to_stop()
        self.end(deadline=time.monotonic() + seconds)

    def end(self, *, deadline: float) -> None:
        """Wait until the deadline, then kill what is left of the process and its own children."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self) -> str:
        log = self.layout.log_file(self.name)
        words = log.read_bytes()[self.log_offset :].decode(errors="replace")
        lines = [line for line in words.splitlines() if line.strip()]
        told = [line for line in lines if "FATAL" in line] or lines or ["it said nothing"]
        return f"{told[-1].strip()} ({log})"

    @property
    def _marks(self) -> dict[str, str]:
        return {MARK: str(self.layout.home), PART: self.name}

    @property
    def _before_exec(self) -> Callable[[], None] | None:
        # The servers outlive a killed supervisor, so that the workers can finish.
        if LIBC is None or self.name in SERVERS:
            return None
        return partial(_die_with, os.getpid())

    def _open_log(self) -> int:
        log = self.layout.log_file(self.name)
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _die_with(parent: int) -> None:
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def stop_leftovers(layout: StackLayout) -> int:
    """End what a killed supervisor left behind, the servers last; the number of processes ended.

    Only for the holder of the lock: it takes every process of this state folder for abandoned.
    """
    parts = list(_carriers_of_the_mark(layout))
    _end([process for process, part in parts if part not in SERVERS], signal.SIGTERM)
    _end([process for process, part in parts if part == "valkey"], signal.SIGTERM)
    _end([process for process, part in parts if part == "postgres"], signal.SIGINT)
    return len(parts)


def _carriers_of_the_mark(layout: StackLayout) -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            if environment.get(MARK) == str(layout.home) and process.pid != os.getpid():
                yield process, environment.get(PART, "")


def _end(processes: Sequence[psutil.Process], ask: signal.Signals) -> None:
    for number, seconds in ((ask, GRACE_SECONDS), (signal.SIGKILL, 5.0)):
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        deadline = time.monotonic() + seconds
        while (
            processes := [each for each in processes if is_alive(each)]
        ) and time.monotonic() < deadline:
            time.sleep(0.05)


def is_alive(process: psutil.Process) -> bool:
    """Whether it does anything: in a container without an init the dead stay listed."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
