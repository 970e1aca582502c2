"""The project's own processes: what each is called and how it is started."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from config.queues import BULK, QUEUES
from config.stack.layout import StackLayout
from config.stack.processes import Child

LOOPBACK = "127.0.0.1"


def listen_on(port: int) -> socket.socket:
    """A listening socket that gunicorn takes over; raises OSError where the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def carrier(layout: StackLayout, port: int) -> Child:
    options = ["--port", str(port), "--state", str(layout.carrier_folder)]
    # It looks whether everyone there is sample data.
    beside = {"DATABASE_URL": os.environ.get("DATABASE_URL") or layout.database_url}
    command = [sys.executable, "-m", "messaging.carrier", *options]
    return Child("carrier", command, layout, environment=beside)


def web(layout: StackLayout, listener: socket.socket, environment: Mapping[str, str]) -> Child:
    # The listener stays ours: a restart of the web processes refuses nobody.
    bound = listener.fileno()
    options = f"--bind fd://{bound} --worker-class gthread --workers 2 --threads 4"
    options += " --preload --no-control-socket"
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", *options.split()]
    return Child("web", command, layout, environment=environment, inherited=[bound])


def inbox(layout: StackLayout, port: int, environment: Mapping[str, str]) -> Child:
    command = [sys.executable, "-m", "messaging.inbox", "--port", str(port)]
    return Child("inbox", command, layout, environment=environment)


def workers(layout: StackLayout, environment: Mapping[str, str]) -> list[Child]:
    return [_worker(layout, queue, environment) for queue in QUEUES]


def _worker(layout: StackLayout, queue: str, environment: Mapping[str, str]) -> Child:
    processes = 2 if queue == BULK else 1
    options = (
        f"worker -Q {queue} -n {queue}@%h -c {processes} --without-gossip --without-mingle -l info"
    )
    # People come first: pages and STOP are answered while campaigns wait for a processor.
    behind = ["nice", "-n", "5"] if queue == BULK else []
    command = [*behind, *_celery(options.split())]
    return Child(f"worker-{queue}", command, layout, environment=environment)


def beat(layout: StackLayout, environment: Mapping[str, str]) -> Child:
    # An empty --pidfile: the lock of the state folder already keeps a second beat away.
    options = ["beat", "-l", "warning", "--pidfile=", "-s", str(layout.beat_schedule)]
    return Child("beat", _celery(options), layout, environment=environment)


def _celery(options: list[str]) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", *options]
