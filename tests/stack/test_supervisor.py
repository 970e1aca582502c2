from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import psutil
import pytest

from config.stack.layout import StackLayout
from config.stack.processes import Child, stop_leftovers
from config.stack.supervisor import Supervisor, Watch
from tests.stack.waiting import eventually

STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.1; done"


def shell(layout: StackLayout, name: str, script: str) -> Child:
    return Child(name, ["sh", "-c", script], layout)


def marked(layout: StackLayout) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("YESLIST_STACK") == str(layout.home):
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for_log(child: Child, words: str) -> None:
    eventually(lambda: words in child.layout.log_file(child.name).read_text())


def test_a_dead_child_is_started_again_after_growing_pauses(layout: StackLayout) -> None:
    child = shell(layout, "brief", "exit 3")
    watch = Watch(child, started=0.0)
    now, pauses = 0.0, []
    child.start()
    for _ in range(7):
        eventually(lambda: not child.running)
        said = watch.look(now)
        assert "brief stopped (exit 3)" in (said or "")
        assert watch.due is not None
        pauses.append(watch.due - now)
        assert watch.look(watch.due - 0.1) is None
        now = watch.due
        watch.look(now)
        assert watch.due is None
    child.stop(seconds=5)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_long_life_makes_the_next_pause_short_again(layout: StackLayout) -> None:
    child = shell(layout, "brief", "exit 0")
    child.start()
    eventually(lambda: not child.running)
    watch = Watch(child, started=0.0, deaths=5)
    assert "in 1 s" in (watch.look(61.0) or "")


def test_a_child_that_lives_is_left_alone(layout: StackLayout) -> None:
    child = shell(layout, "patient", "sleep 60")
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.keep(child)
    first = child.process
    supervisor.look_around()
    assert (child.process, said) == (first, [])
    supervisor.stop()


def test_stopping_kills_who_does_not_listen_and_their_children(
    layout: StackLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.stack.supervisor.GRACE_SECONDS", 0.5)
    child = shell(layout, "stubborn", f"trap '' TERM; ({STUBBORN}) & {STUBBORN}")
    supervisor = Supervisor(print)
    supervisor.keep(child)
    wait_for_log(child, "ready")
    supervisor.stop()
    assert child.outcome == "killed by SIGKILL"
    eventually(lambda: not marked(layout))


def test_the_servers_are_stopped_after_everyone_else(layout: StackLayout) -> None:
    note = "trap 'echo $0 >> {order}; exit 0' TERM INT; echo ready; while :; do sleep 0.05; done"
    script = note.format(order=layout.home / "order")
    names = ["postgres", "valkey", "web", "beat"]
    supervisor = Supervisor(print)
    for name in names:
        child = Child(name, ["sh", "-c", script, name], layout)
        supervisor.keep(child)
        wait_for_log(child, "ready")
    supervisor.stop()
    order = (layout.home / "order").read_text().split()
    assert set(order[:2]) == {"web", "beat"}
    assert order[2:] == ["valkey", "postgres"]


def run_and_kill_a_supervisor(layout: StackLayout, parts: Sequence[str]) -> None:
    script = (
        "import sys, time; from pathlib import Path; from config.stack.layout import StackLayout;"
        "from config.stack.processes import Child;"
        "layout = StackLayout(Path(sys.argv[1]));"
        "[Child(name, ['sleep', '600'], layout).start() for name in sys.argv[2:]];"
        "print('started', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(layout.home), *parts], stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"started\n"
        supervisor.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_children_follow_a_killed_supervisor(layout: StackLayout) -> None:
    run_and_kill_a_supervisor(layout, ["web", "beat"])
    eventually(lambda: not marked(layout))


def test_servers_that_a_killed_supervisor_left_are_ended(layout: StackLayout) -> None:
    run_and_kill_a_supervisor(layout, ["postgres", "valkey"])
    assert len(marked(layout)) == 2
    assert stop_leftovers(layout) == 2
    assert not marked(layout)


def test_a_stranger_with_a_used_pid_is_never_touched(layout: StackLayout) -> None:
    child = shell(layout, "web", "exec sleep 600")
    child.start()
    with subprocess.Popen(
        ["sleep", "600"], env=os.environ | {"YESLIST_STACK": "/another/state"}
    ) as stranger:
        assert stop_leftovers(layout) == 1
        assert stranger.poll() is None
        stranger.send_signal(signal.SIGTERM)
    child.end(deadline=0)
