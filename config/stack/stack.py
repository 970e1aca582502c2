"""The whole stack, started and stopped in the order in which its parts need each other."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections

from config.stack import programs
from config.stack.errors import UnableToStart
from config.stack.folders import claim_folder
from config.stack.layout import DATABASE, StackLayout
from config.stack.lock import StackLock
from config.stack.postgres import Postgres
from config.stack.processes import stop_leftovers
from config.stack.supervisor import Stopped, Supervisor, ignore_stop_signals, stop_signals_raise
from config.stack.valkey import Valkey
from config.stack.welcome import welcome

LOOK_SECONDS = 0.25


@dataclass
class Stack:
    """What `manage.py up` runs, in one state folder, reached on one port of this machine."""

    layout: StackLayout
    port: int
    demo: bool
    # None: any that is free.
    inbox_port: int | None
    tell: Callable[[str], None]

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self._say)

    def run(self) -> None:
        """Start everything, keep it alive until we are asked to stop, leave nothing behind."""
        with self._alone(), stop_signals_raise():
            try:
                with self._listening() as listener:
                    self._start(listener)
                    self._keep_alive()
            except Stopped:
                self._say("Stopping: work in hand is finished first.")
            finally:
                ignore_stop_signals()
                self.supervisor.stop()
                stop_leftovers(self.layout)
        self._say("Stopped.")

    @property
    def address(self) -> str:
        return f"http://{programs.LOOPBACK}:{self.port}"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        claim_folder(self.layout.home)
        lock = StackLock(self.layout.lock_file)
        lock.take(f"pid {os.getpid()}, {self.address}")
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _listening(self) -> Iterator[socket.socket]:
        if stop_leftovers(self.layout):
            self._say("Ended what an earlier run left behind.")
        try:
            listener = programs.listen_on(self.port)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UnableToStart(f"Port {self.port}: {reason}. Set PORT to another one.") from error
        with listener:
            yield listener

    def _start(self, listener: socket.socket) -> None:
        self._start_servers()
        self._prepare_data()
        self._start_programs(listener)
        for line in welcome(self.address, demo=self.demo):
            self._say(line)

    def _start_servers(self) -> None:
        if not _is_given("DATABASE_URL"):
            self._say("PostgreSQL (local, for trying out; in production set DATABASE_URL)")
            postgres = Postgres(self.layout)
            postgres.start()
            self.supervisor.keep(postgres.child)
            postgres.create_database(DATABASE)
        if not _is_given("REDIS_URL"):
            self._say("Valkey (local; in production set REDIS_URL)")
            valkey = Valkey(self.layout)
            valkey.start()
            self.supervisor.keep(valkey.child)

    def _prepare_data(self) -> None:
        self._say("Tables and checks")
        self._manage("migrate", interactive=False, verbosity=0)
        self._manage("refresh_number_areas")
        self._manage("install_roles")
        self._manage("check", databases=["default"])
        if not self.demo:
            self._manage("collectstatic", interactive=False, verbosity=0)
        if self.demo:
            self._say("Sample data")
            self._manage("load_sample_data")
        connections.close_all()

    def _manage(self, command: str, **options: object) -> None:
        said = io.StringIO()
        try:
            call_command(command, stdout=said, stderr=said, **options)
        except (CommandError, DatabaseError) as error:
            raise UnableToStart(f"manage.py {command}: {error}") from error

    def _start_programs(self, listener: socket.socket) -> None:
        inbox_port = self.inbox_port or programs.free_port()
        environment = {"STATE_DIR": str(self.layout.home)}
        if self.demo:
            environment |= self._start_carrier(inbox_port)
        self._say("Web, inbox, workers, clock")
        # The pages first, alone: all at once, a small machine keeps a person waiting for them.
        web = programs.web(self.layout, listener, environment)
        self.supervisor.keep(web)
        web.wait_until(self._web_answers, seconds=60)
        inbox = programs.inbox(self.layout, inbox_port, environment)
        workers = programs.workers(self.layout, environment)
        for child in (inbox, *workers, programs.beat(self.layout, environment)):
            self.supervisor.keep(child)

    def _start_carrier(self, inbox_port: int) -> dict[str, str]:
        """Start the simulated carrier; what tells everyone else of it, and it of the inbox."""
        port = programs.free_port()
        self.supervisor.keep(programs.carrier(self.layout, port))
        addresses = {"CARRIER_URL": f"http://{programs.LOOPBACK}:{port}"}
        if not _is_given("RECEIPTS_URL"):
            addresses["RECEIPTS_URL"] = f"http://{programs.LOOPBACK}:{inbox_port}"
        return addresses

    def _web_answers(self) -> bool:
        connection = http.client.HTTPConnection(programs.LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _keep_alive(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.supervisor.look_around()

    def _say(self, line: str) -> None:
        # The terminal may be gone; that must not keep us from stopping.
        with contextlib.suppress(OSError):
            self.tell(line)


def _is_given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
