from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.stack.layout import StackLayout
from config.stack.postgres import Postgres
from config.stack.processes import stop_leftovers
from config.stack.valkey import Valkey

Start = Callable[[Postgres | Valkey], None]


@pytest.fixture
def layout() -> Iterator[StackLayout]:
    """A stack of its own; the folder is short, as the names of sockets have to be."""
    state = Path(tempfile.mkdtemp(prefix="stack-", dir="/tmp"))
    layout = StackLayout(state)
    yield layout
    stop_leftovers(layout)
    shutil.rmtree(state)


@pytest.fixture
def start(layout: StackLayout) -> Iterator[Start]:
    """Starts a server that the test need not stop."""
    with ExitStack() as running:

        def start(server: Postgres | Valkey) -> None:
            running.callback(server.stop)
            server.start()

        yield start
