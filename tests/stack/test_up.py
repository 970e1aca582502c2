from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.queues import QUEUES
from config.stack.layout import StackLayout
from config.stack.processes import PART
from config.stack.programs import free_port
from tests.stack.test_supervisor import marked
from tests.stack.waiting import eventually

PROJECT = Path(__file__).resolve().parents[2]
UP = [sys.executable, "manage.py", "up"]
# The first start of the day on a slow machine.
START_SECONDS = 240


def environment(layout: StackLayout, port: int) -> dict[str, str]:
    """As in a new terminal: the servers and settings of the tests are not handed on."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"DEMO": "1", "STATE_DIR": str(layout.home), "PORT": str(port)}


def try_up(layout: StackLayout, port: int) -> tuple[int, str]:
    done = subprocess.run(
        UP,
        cwd=PROJECT,
        env=environment(layout, port),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    return done.returncode, done.stdout + done.stderr


@contextlib.contextmanager
def running_demo(layout: StackLayout, port: int) -> Iterator[subprocess.Popen[bytes]]:
    said = layout.home / "said"
    with said.open("wb") as out:
        demo = subprocess.Popen(
            UP,
            cwd=PROJECT,
            env=environment(layout, port),
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
        )
    try:
        eventually(
            lambda: "Ready" in said.read_text() or demo.poll() is not None, seconds=START_SECONDS
        )
        assert demo.poll() is None, said.read_text()
        yield demo
    finally:
        demo.terminate()
        demo.wait(60)


def query(layout: StackLayout, words: str) -> None:
    with psycopg.connect(layout.database_url) as connection:
        connection.execute(words.encode())


def receipts_address(layout: StackLayout) -> str:
    """Where the worker that sends tells the carrier to report to."""
    environments = [process.environ() for process in marked(layout)]
    return next(e["RECEIPTS_URL"] for e in environments if e[PART] == "worker-bulk")


def refuses_forgeries(site: str) -> bool:
    forgery = urllib.request.Request(f"{site}/providers/simulator/receipts/1.t/", data=b"{}")
    try:
        urllib.request.urlopen(forgery, timeout=10).close()
    except urllib.error.HTTPError as error:
        return error.code == 403 and "aiohttp" in error.headers["Server"]
    except urllib.error.URLError:
        return False
    return False


def answers_strictly(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz?strict=1", timeout=10):
            return True
    except urllib.error.HTTPError as late:
        late.close()
        return False


def test_the_demo_runs_alone_survives_a_kill_and_leaves_nothing_behind(
    layout: StackLayout,
) -> None:
    port = free_port()
    with running_demo(layout, port) as demo:
        is_whole(layout, port)
        code, said = try_up(layout, free_port())
        assert code == 1
        assert said.strip() == f"It runs already: pid {demo.pid}, http://127.0.0.1:{port}."
        query(layout, "CREATE TABLE answer AS SELECT 'yes' AS word")
        demo.kill()
        assert demo.wait() == -signal.SIGKILL
    assert marked(layout)
    with running_demo(layout, port) as demo:
        assert "Ended what an earlier run left behind." in (layout.home / "said").read_text()
        query(layout, "SELECT word FROM answer")
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    assert not marked(layout)
    assert "author" in (layout.home / "said").read_text()


def is_whole(layout: StackLayout, port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert answer.status == 200
    logs = [layout.log_file(f"worker-{queue}") for queue in QUEUES]
    eventually(lambda: all("ready." in log.read_text() for log in logs))
    eventually(lambda: refuses_forgeries(receipts_address(layout)))
    # Beat, the broker and each worker: a tick went through all of them.
    eventually(lambda: answers_strictly(port), seconds=60)


@pytest.mark.parametrize("address", ["127.0.0.1", ""])
def test_a_taken_port_is_told_in_one_line(layout: StackLayout, address: str) -> None:
    with socket.create_server((address, 0)) as other:
        port = other.getsockname()[1]
        code, said = try_up(layout, port)
    assert code == 1
    assert said.strip() == f"Port {port}: Address already in use. Set PORT to another one."
    assert not marked(layout)
    assert not layout.postgres_folder.exists()


@pytest.mark.parametrize("given", ["abc", "99999", "0", "-1", "80.5", ""])
def test_a_port_that_is_none_is_told_in_one_line(layout: StackLayout, given: str) -> None:
    done = subprocess.run(
        UP,
        cwd=PROJECT,
        env=environment(layout, 1) | {"PORT": given},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert done.returncode == 1
    said = (done.stdout + done.stderr).strip()
    assert said == f"PORT is {given!r}: give a number from 1 to 65535."


def test_a_server_that_does_not_answer_stops_the_start(layout: StackLayout) -> None:
    given = environment(layout, free_port()) | {
        "DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent"
    }
    done = subprocess.run(
        UP, cwd=PROJECT, env=given, capture_output=True, text=True, timeout=START_SECONDS
    )
    assert done.returncode == 1
    assert "manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr
    assert not marked(layout)
