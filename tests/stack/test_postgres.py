from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess

import psutil
import psycopg
import pytest

from config.stack.errors import UnableToStart
from config.stack.identity import NOBODY, Identity
from config.stack.layout import DATABASE, StackLayout
from config.stack.postgres import PROGRAMS, WHEEL, Postgres, copy_package
from tests.stack.conftest import Start


def write(layout: StackLayout) -> None:
    Postgres(layout).create_database(DATABASE)
    with psycopg.connect(layout.database_url) as connection:
        connection.execute("CREATE TABLE answer AS SELECT 'yes' AS word")


def read(layout: StackLayout, query: str = "SELECT word FROM answer") -> str:
    with psycopg.connect(layout.database_url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


def pid_of(postgres: Postgres) -> int:
    assert postgres.child.process is not None
    return postgres.child.process.pid


def test_a_second_start_keeps_the_data(layout: StackLayout, start: Start) -> None:
    first = Postgres(layout)
    start(first)
    write(layout)
    first.stop()
    assert not first.child.running
    second = Postgres(layout)
    start(second)
    second.create_database(DATABASE)
    assert read(layout) == "yes"


def test_a_killed_server_comes_back_with_its_data(layout: StackLayout, start: Start) -> None:
    first = Postgres(layout)
    start(first)
    write(layout)
    os.kill(pid_of(first), signal.SIGKILL)
    first.child.stop(seconds=5)
    start(Postgres(layout))
    assert read(layout) == "yes"


def test_a_lock_with_a_strangers_pid_is_no_obstacle(layout: StackLayout, start: Start) -> None:
    first = Postgres(layout)
    start(first)
    write(layout)
    first.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (first.data / "postmaster.pid").write_text(f"{stranger.pid}\n{first.data}\n")
        start(Postgres(layout))
        assert read(layout) == "yes"
        assert stranger.poll() is None
        stranger.kill()


def test_an_interrupted_creation_is_done_again(layout: StackLayout, start: Start) -> None:
    draft = layout.postgres_folder / "draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("half")
    postgres = Postgres(layout, durable=False)
    start(postgres)
    assert not draft.exists()


def test_it_speaks_utf8_and_utc_and_no_tcp(layout: StackLayout, start: Start) -> None:
    start(Postgres(layout, durable=False))
    Postgres(layout).create_database(DATABASE)
    assert read(layout, "SHOW server_encoding") == "UTF8"
    assert read(layout, "SHOW timezone") == "UTC"
    assert read(layout, "SHOW listen_addresses") == ""
    assert read(layout, "SELECT lower('ÄÉ')") == "äé"
    assert (
        read(layout, "SELECT datlocale FROM pg_database WHERE datname = current_database()")
        == "C.UTF-8"
    )


def test_only_its_owner_reaches_the_socket(layout: StackLayout, start: Start) -> None:
    start(Postgres(layout, durable=False))
    socket = layout.postgres_socket_folder / ".s.PGSQL.5432"
    for path in (layout.run, layout.postgres_socket_folder, socket):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_it_is_found_by_its_mark_when_nobody_watches_it(layout: StackLayout, start: Start) -> None:
    postgres = Postgres(layout, durable=False)
    start(postgres)
    marks = psutil.Process(pid_of(postgres)).environ()
    assert (marks["YESLIST_STACK"], marks["YESLIST_STACK_PART"]) == (str(layout.home), "postgres")


def test_a_refusal_is_told_in_its_own_words(layout: StackLayout, start: Start) -> None:
    first = Postgres(layout, durable=False)
    start(first)
    first.stop()
    (first.data / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(UnableToStart, match="database files are incompatible"):
        start(Postgres(layout, durable=False))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_without_namespaces_root_runs_it_as_nobody(layout: StackLayout, start: Start) -> None:
    first = Postgres(layout, durable=False, identity=Identity(uid=NOBODY))
    start(first)
    write(layout)
    assert psutil.Process(pid_of(first)).uids().effective == NOBODY
    first.stop()
    # Where namespaces work again, the files come back to root.
    second = Postgres(layout, durable=False)
    start(second)
    assert read(layout) == "yes"
    assert first.data.stat().st_uid == second.identity.owner


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_copy_of_the_programs_runs_as_nobody(layout: StackLayout) -> None:
    layout.home.chmod(0o711)
    copy_package(layout.home / "copy-18.6")
    programs = layout.home / "copy-18.6" / WHEEL / PROGRAMS
    for program in ("initdb", "postgres"):
        assert Identity(uid=NOBODY).succeeds(programs / program, "--version")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_that_nobody_can_reach_is_told_with_the_way_out(
    layout: StackLayout, start: Start
) -> None:
    closed = StackLayout(layout.home / "closed" / "state")
    closed.home.parent.mkdir(mode=0o700)
    with pytest.raises(UnableToStart, match="Set DATABASE_URL"):
        start(Postgres(closed, identity=Identity(uid=NOBODY)))
    shutil.rmtree(closed.home.parent)
