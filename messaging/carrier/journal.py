"""Append-only files of JSON lines, written in groups: a line costs no system call of its own."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GROUP_SECONDS = 0.02
PAGE_LINES = 10_000


class InUse(Exception):
    """Another carrier writes to this state folder."""


class Journal:
    """One file. Positions are byte offsets: where the next page of lines begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._waiting: list[str] = []
        self._flush_planned = False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(path) from None
        self._finish_torn_line()

    def append(self, entry: dict[str, Any]) -> None:
        self._waiting.append(json.dumps(entry, ensure_ascii=False))
        if not self._flush_planned:
            self._flush_planned = True
            asyncio.get_running_loop().call_later(GROUP_SECONDS, self.flush)

    def flush(self) -> None:
        self._flush_planned = False
        if self._waiting:
            lines = "\n".join(self._waiting) + "\n"
            self._waiting.clear()
            with open(self._file, "a", encoding="utf-8", closefd=False) as file:
                file.write(lines)

    def close(self) -> None:
        self.flush()
        os.close(self._file)

    def page(self, position: int) -> tuple[list[dict[str, Any]], int]:
        """Up to 10,000 lines from `position` on, and where the next page begins."""
        self.flush()
        entries: list[dict[str, Any]] = []
        with self._path.open("rb") as file:
            file.seek(position)
            while len(entries) < PAGE_LINES and (line := file.readline()):
                with contextlib.suppress(ValueError):
                    entries.append(json.loads(line))
            return entries, file.tell()

    def replay(self) -> Iterator[dict[str, Any]]:
        entries, position = self.page(0)
        while entries:
            yield from entries
            entries, position = self.page(position)

    def _finish_torn_line(self) -> None:
        """A crash can leave half a line: end it, so that the next one is whole."""
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")
