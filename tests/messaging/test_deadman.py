"""In a process of its own, since the timer ends the one it is armed in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

ARMED = """
import os, signal, sys, time
from messaging.lanes.deadman import arm, dead_man
arm()
dead_man.watch(1, time.monotonic() + 0.4)
dead_man.watch(2, time.monotonic() + 9)
{then}
os.kill(os.getpid(), signal.SIGSTOP)
print("goes on", flush=True)
"""


def thawed(then: str) -> tuple[int, bytes]:
    """How a process ends that stood still past the end of its permission."""
    code = ARMED.format(then=then)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    time.sleep(0.5)  # the permission is over while it stands still
    process.send_signal(signal.SIGCONT)
    said, _ = process.communicate(timeout=10)
    return process.returncode, said


@pytest.mark.parametrize("then", ["", "dead_man.forget(2)"])
def test_whoever_wakes_after_the_end_of_a_permission_dies_before_anything_else(then):
    assert thawed(then) == (-signal.SIGALRM, b"")


@pytest.mark.parametrize("then", ["dead_man.forget(1)", "dead_man.forget(1); dead_man.forget(2)"])
def test_whoever_has_nothing_left_to_write_goes_on(then):
    assert thawed(then) == (0, b"goes on\n")


LATE = """
import time
from types import SimpleNamespace

import django
django.setup()
from messaging.lanes.deadman import arm
from messaging.lanes.wire import Airborne
arm()
now = time.monotonic()
Airborne(SimpleNamespace(texts=[SimpleNamespace(id=1)], not_after=now - {ago}, killed_at=now - 0.1))
time.sleep(0.2)
print("goes on", flush=True)
"""


@pytest.mark.parametrize(
    ("ago", "outcome"), [("0.3", (0, "goes on\n")), ("-30", (-signal.SIGALRM, ""))]
)
def test_a_flight_that_begins_when_nothing_may_leave_any_more_ends_nobody(ago, outcome):
    """The commit of its permission took that long. All its texts are put back."""
    code = LATE.format(ago=ago)
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == outcome
