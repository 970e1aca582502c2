"""`python -m messaging.inbox --port N`; its settings are those of the site."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys

import django


def main() -> None:
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    try:
        asyncio.run(_run(options))
    except OSError as error:
        sys.exit(f"Port {options.port}: {error.strerror}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m messaging.inbox")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and prints it")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    return parser.parse_args()


async def _run(options: argparse.Namespace) -> None:
    # Models can be imported only once Django is set up.
    from messaging.inbox.server import serving
    from messaging.inbox.store import Store, address

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving(Store(address()), host=options.host, port=options.port) as port:
        sys.stdout.write(f"inbox on http://{options.host}:{port}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    main()
