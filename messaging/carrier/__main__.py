"""`python -m messaging.carrier --port N --state DIR`; the secret comes from CARRIER_SECRET.

DATABASE_URL, where it is set, names the database that the carrier works beside.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from messaging.carrier.api import LOOPBACK, carrier_app
from messaging.carrier.journal import InUse
from messaging.carrier.network import Network
from messaging.carrier.people import UnableToTell, has_real_people

HOST = "127.0.0.1"


def main() -> None:
    options = _options()
    secret = os.environ.get("CARRIER_SECRET", "")
    if not secret:
        sys.exit("CARRIER_SECRET is not set.")
    if options.host != HOST:
        sys.exit(f"The simulated carrier listens on {HOST} only.")
    if urlsplit(options.webhook_url).hostname not in LOOPBACK:
        sys.exit("The simulated carrier calls back to this machine only.")
    _refuse_beside_real_people(os.environ.get("DATABASE_URL", ""))
    try:
        asyncio.run(_run(options, secret))
    except InUse as error:
        sys.exit(f"{error.__doc__} ({error})")
    except OSError as error:
        sys.exit(f"Port {options.port}: {error.strerror}")


def _refuse_beside_real_people(database_url: str) -> None:
    """Alone it needs no database; the demo says which one it works beside."""
    try:
        if database_url and has_real_people(database_url):
            sys.exit("The simulated carrier does not start beside people who are not sample data.")
    except UnableToTell as error:
        sys.exit(f"The database beside the simulated carrier: {error}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m messaging.carrier")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and prints it")
    parser.add_argument("--state", type=Path, required=True, help="folder of the logs")
    parser.add_argument("--host", default=HOST, help=argparse.SUPPRESS)
    parser.add_argument("--webhook-url", default=_own_address(), help="where Yeslist answers")
    return parser.parse_args()


def _own_address() -> str:
    default = f"http://{HOST}:{os.environ.get('PORT', '8000')}"
    return os.environ.get("PUBLIC_URL", default).rstrip("/")


async def _run(options: argparse.Namespace, secret: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    network = Network(options.state, secret=secret, webhook_url=options.webhook_url.rstrip("/"))
    runner = web.AppRunner(carrier_app(network, secret), access_log=None, shutdown_timeout=1)
    await network.open()
    try:
        await runner.setup()
        await web.TCPSite(runner, HOST, options.port, backlog=1024).start()
        sys.stdout.write(f"carrier on http://{HOST}:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()
        await network.close()


if __name__ == "__main__":
    main()
