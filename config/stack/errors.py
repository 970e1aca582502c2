from __future__ import annotations


class UnableToStart(Exception):
    """The local stack cannot start; the text says why and what to do, in one line."""
