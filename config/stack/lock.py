from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO

from config.stack.errors import UnableToStart


class StackLock:
    """Held while a state folder is in use; the kernel frees it however its holder dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def take(self, note: str) -> None:
        """Take the lock and leave a note for whoever finds it taken."""
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            held = file.read().strip()
            file.close()
            raise UnableToStart(f"It runs already: {held}.") from None
        file.truncate(0)
        file.write(note)
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file:
            self._file.truncate(0)
            self._file.close()
            self._file = None
