from __future__ import annotations

import os
import signal

import psutil
import redis

from config.stack.layout import StackLayout
from config.stack.valkey import Valkey
from tests.stack.conftest import Start


def pid_of(valkey: Valkey) -> int:
    assert valkey.child.process is not None
    return valkey.child.process.pid


def test_a_second_start_keeps_the_data(layout: StackLayout, start: Start) -> None:
    first = Valkey(layout)
    start(first)
    with redis.from_url(layout.redis_url) as client:
        client.set("answer", "yes")
    first.stop()
    start(Valkey(layout))
    with redis.from_url(layout.redis_url) as client:
        assert client.get("answer") == b"yes"


def test_a_killed_server_comes_back(layout: StackLayout, start: Start) -> None:
    first = Valkey(layout)
    start(first)
    os.kill(pid_of(first), signal.SIGKILL)
    first.stop()
    second = Valkey(layout)
    start(second)
    assert second.child.running


def test_a_state_folder_with_a_long_path_works_too(layout: StackLayout) -> None:
    deep = StackLayout(layout.home / ("d" * 120))
    valkey = Valkey(deep)
    valkey.start()
    with redis.from_url(deep.redis_url) as client:
        assert client.ping()
    valkey.stop()
    assert deep.run.parent != deep.home
    deep.run.rmdir()


def test_it_has_no_tcp_port_and_never_evicts(layout: StackLayout, start: Start) -> None:
    start(Valkey(layout))
    with redis.from_url(layout.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_it_is_found_by_its_mark_when_nobody_watches_it(layout: StackLayout, start: Start) -> None:
    valkey = Valkey(layout)
    start(valkey)
    marks = psutil.Process(pid_of(valkey)).environ()
    assert (marks["YESLIST_STACK"], marks["YESLIST_STACK_PART"]) == (str(layout.home), "valkey")
