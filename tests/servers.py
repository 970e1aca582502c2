"""Real PostgreSQL and Valkey for one test session, fresh, gone at its end.

Loaded by `-p tests.servers`, ahead of the settings, which read the two addresses. The workers of
pytest-xdist inherit them from the process that started the servers.
"""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Generator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from config.stack.errors import UnableToStart
from config.stack.folders import claim_folder
from config.stack.layout import DATABASE, StackLayout
from config.stack.lock import StackLock
from config.stack.postgres import Postgres
from config.stack.processes import stop_leftovers
from config.stack.valkey import Valkey

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Servers:
    database_url: str
    redis_url: str


@dataclass(frozen=True)
class Started:
    """The servers that this very process started, for whoever wants to strike them."""

    postgres: Postgres
    valkey: Valkey


started: list[Started] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    servers = start_servers()
    os.environ.update(DATABASE_URL=servers.database_url, REDIS_URL=servers.redis_url)
    return (yield)


def start_servers() -> Servers:
    """The servers that the environment names, or new ones that end with this process."""
    given = Servers(os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", ""))
    if given.database_url and given.redis_url:
        return given
    ours = _start(_free_layout())
    return Servers(given.database_url or ours.database_url, given.redis_url or ours.redis_url)


def _free_layout() -> StackLayout:
    """The first of .local/test-1, -2, … that no other session uses."""
    for number in count(1):
        layout = StackLayout(PROJECT / ".local" / f"test-{number}")
        claim_folder(layout.home)
        lock = StackLock(layout.lock_file)
        try:
            lock.take(f"pid {os.getpid()}")
        except UnableToStart:
            continue
        atexit.register(lock.release)
        return layout
    raise AssertionError("unreachable")


def _start(layout: StackLayout) -> Servers:
    stop_leftovers(layout)
    for folder in (layout.postgres_folder, layout.valkey_folder):
        shutil.rmtree(folder, ignore_errors=True)
    postgres, valkey = Postgres(layout, durable=False), Valkey(layout, durable=False)
    for server in (postgres, valkey):
        atexit.register(server.stop)
        server.start()
    postgres.create_database(DATABASE)
    started.append(Started(postgres, valkey))
    return Servers(layout.database_url, layout.redis_url)
