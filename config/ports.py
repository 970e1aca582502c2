"""The port, as the environment gives it."""

from __future__ import annotations

import sys


def port_of(text: str, *, name: str = "PORT") -> int:
    """1 to 65535; anything else ends the process with a line that says so."""
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < number < 65536:
        sys.exit(f"{name} is {text!r}: give a number from 1 to 65535.")
    return number
