"""The demo's secrets: random, made at its first start, kept in its state folder."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable

from config.stack.layout import StackLayout

# Without letters and digits that look alike: a person types it from the terminal.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def demo_environment(layout: StackLayout) -> dict[str, str]:
    """The variables that the demo adds to the environment; the same at every start."""
    if not layout.demo_environment_file.exists():
        _write_once(layout, _new_environment())
    known = _read(layout)
    if LATER.keys() - known.keys():
        _add_missing(layout)
        known = _read(layout)
    return known


def _read(layout: StackLayout) -> dict[str, str]:
    lines = layout.demo_environment_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line)


def _new_environment() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MASTER_KEYS": f"k1:{_random_key()}",
        "DIGEST_KEYS": f"d1:{_random_key()}",
        "CARRIER_SECRET": secrets.token_urlsafe(32),
        "DEMO_PASSWORD": "-".join(_random_letters(4) for _ in range(3)),
        **{name: make() for name, make in LATER.items()},
    }


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


# Secrets that a demo made before they were needed does not have yet.
LATER: dict[str, Callable[[], str]] = {"LEDGER_SIGNING_KEY": _random_key}


def _random_letters(count: int) -> str:
    return "".join(secrets.choice(READABLE) for _ in range(count))


def _write_once(layout: StackLayout, environment: dict[str, str]) -> None:
    """Of two processes that start together both then read the file of the first."""
    layout.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = layout.home / f"demo.env.{secrets.token_hex(4)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in environment.items())
    with contextlib.suppress(FileExistsError):
        os.link(draft, layout.demo_environment_file)
    draft.unlink()


def _add_missing(layout: StackLayout) -> None:
    """Append, never replace: the file names secrets that its data needs."""
    with layout.demo_environment_file.open("a") as file:
        # Of two processes that start together the second finds what the first added.
        fcntl.flock(file, fcntl.LOCK_EX)
        for name in LATER.keys() - _read(layout).keys():
            file.write(f"{name}={LATER[name]()}\n")
