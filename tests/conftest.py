from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from redis import Redis

from messaging.lanes.wire import close_connections
from tests.triggers import truncate_triggers

# A busy machine is no reason to fail.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")
LONGEST = {"stack", "chaos"}
pytest_plugins = ["tests.browser", "tests.carrier"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or everybody waits for them at the end. Else the order stays random."""
    items.sort(key=lambda item: LONGEST.isdisjoint(item.path.parts))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each worker of a parallel run has its own database, and its own corner of the cache."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Only here may tables be emptied, since the tests that commit do so."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for statement in truncate_triggers(cursor, "DISABLE"):
            cursor.execute(statement)
        connection.close()


@pytest.fixture(autouse=True)
def _no_language() -> Iterator[None]:
    """A request leaves its language behind, and only the next request would change that."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    """Sender ids start again with every test database, so their rates must too."""
    yield
    cache = Redis.from_url(settings.REDIS_URL)
    keys = [
        key
        for kind in ("rate:*", "turns:*", "turned", "1:tally:*")
        for key in cache.keys(f"{settings.KEY_PREFIX}:{kind}")
    ]
    if keys:
        cache.delete(*keys)
    cache.close()


@pytest.fixture(autouse=True)
def _fresh_erasure_list() -> Iterator[None]:
    """A list that outlives its database would freeze the next test's marketing, rightly."""
    yield
    Path(settings.ERASURE_LIST).unlink(missing_ok=True)


@pytest.fixture(scope="session", autouse=True)
def _closed_connections() -> Iterator[None]:
    yield
    close_connections()
