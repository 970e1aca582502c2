from __future__ import annotations

import os
from pathlib import Path

import pytest
import redis
from environ import Env
from kombu.connection import Connection
from psycopg.conninfo import conninfo_to_dict

from config.stack.layout import SOCKET_PATH_LIMIT, StackLayout

HERE = StackLayout(Path("/srv/our texts/.local"))


def test_django_environ_reads_the_database_url() -> None:
    settings = Env.db_url_config(HERE.database_url)
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["NAME"], settings["USER"]) == ("yeslist", "yeslist")
    assert settings["OPTIONS"] == {"host": "/srv/our texts/.local/run/postgres"}


def test_libpq_reads_the_same_url() -> None:
    expected = {
        "dbname": "yeslist",
        "user": "yeslist",
        "host": "/srv/our texts/.local/run/postgres",
    }
    assert conninfo_to_dict(HERE.database_url) == expected


def test_redis_and_celery_read_the_redis_url() -> None:
    pool = redis.ConnectionPool.from_url(HERE.redis_url)
    assert pool.connection_kwargs["path"] == "/srv/our texts/.local/run/valkey.sock"
    broker = HERE.redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    assert Connection(broker).transport_cls == "redis"


def test_a_short_path_keeps_the_sockets_in_the_state_folder() -> None:
    assert HERE.run == Path("/srv/our texts/.local/run")


@pytest.mark.parametrize("name", ["n" * 200, "ü" * 45])
def test_a_long_path_moves_the_sockets_to_a_short_one(name: str) -> None:
    layout = StackLayout(Path("/srv") / name)
    assert layout.run.parent == Path("/tmp")
    assert (
        len(os.fsencode(layout.postgres_socket_folder / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT
    )
    assert (
        layout.run
        == StackLayout(Path("/srv") / name).run
        != StackLayout(Path("/srv") / f"{name}2").run
    )


def test_a_relative_state_folder_is_the_same_as_its_full_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert StackLayout(Path("state")).database_url == StackLayout(tmp_path / "state").database_url


def test_asking_for_paths_creates_nothing(tmp_path: Path) -> None:
    layout = StackLayout(tmp_path / "state")
    for path in (layout.home, layout.run, layout.demo_environment_file, layout.valkey_socket):
        assert not path.exists()
