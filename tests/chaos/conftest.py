from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from django.db import connections

from tests import cast
from tests.carrier import running_carrier
from tests.chaos.points import Traps
from tests.chaos.storm import Storm
from tests.chaos.waves import senders
from tests.chaos.workers import Workers
from tests.stories.conftest import Town, empty_queues, worker_environment
from tests.stories.crew import Crew

# Storms make people by the hundred, and many of them say no at once.
UNBOUNDED = {
    "CONFIRMATIONS_PER_ADDRESS_PER_HOUR": "100000",
    "CONFIRMATIONS_PER_FORM_PER_HOUR": "100000",
    "CONFIRMATIONS_PER_HOUR": "100000",
    "BREAKER_OPT_OUT_PERCENT": "100",
    "BREAKER_FAILURE_PERCENT": "100",
    # Nobody wants to wait a minute for each worker that a restart of the cache left deaf.
    "WORKER_SILENT_SECONDS": "5",
}
SHOWN_OF_A_LOG = 4_000
MADE = pytest.StashKey[list[Storm]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport]:
    """A storm that fails shows what its workers were doing."""
    report = yield
    for storm in item.stash.get(MADE, []) if report.failed else ():
        for name, said in storm.workers.ends_of_logs(SHOWN_OF_A_LOG).items():
            report.sections.append((f"{name} wrote", said))
    return report


@pytest.fixture
def storm(
    transactional_db, live_server, settings, tmp_path, caplog, request
) -> Iterator[Callable[[int], Storm]]:
    """Makes the storm of a seed: a town of its own, with workers that can be struck."""
    made = request.node.stash[MADE] = []
    for expected in ("config.outage", "django.request"):
        caplog.set_level(logging.CRITICAL, logger=expected)
    with running_carrier(tmp_path / "carrier", live_server.url) as carrier:
        settings.CARRIER_URL, settings.PUBLIC_URL = carrier.url, live_server.url
        for name in ("FORM_PER_HOUR", "ADDRESS_PER_HOUR"):
            setattr(settings, f"CONFIRMATIONS_PER_{name}", 100_000)
        settings.CONFIRMATIONS_PER_HOUR = 100_000
        town = Town(live_server.url, carrier, Crew(tmp_path, {}), tmp_path / "carrier")

        def make(seed: int) -> Storm:
            made.append(_storm(town, tmp_path, seed))
            return made[-1]

        empty_queues()
        cast.signup_form()
        cast.any_hour()
        senders()
        yield make
        for storm in made:
            storm.workers.kill_all()
        connections.close_all()


def _storm(town: Town, folder: Path, seed: int) -> Storm:
    traps = Traps(folder / "traps")
    traps.lay()
    logs = folder / "logs"
    logs.mkdir()
    environment = worker_environment(town.site, town.carrier) | UNBOUNDED
    environment["CHAOS_FOLDER"] = str(traps.folder)
    return Storm(town, Workers(logs, environment), traps, random.Random(seed))
