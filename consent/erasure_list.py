"""The list of erasures outside the database: a restored backup must not bring anybody back.

The setting ERASURE_LIST names a file. One line per erasure, only ever added:

    2026-11-02T13:00:00+00:00 <subject reference> remembered <key id>:<digest of the number>
    2026-11-02T13:05:00+00:00 <subject reference> forgotten -

Where the person did not want their no remembered, nothing derived from the number is listed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from consent.models import ErasureListPosition

REMEMBERED, FORGOTTEN, NOTHING = "remembered", "forgotten", "-"
DIGEST_BYTES = 32


class Unreadable(ValueError):
    """A line of the list is not whole."""


@dataclass(frozen=True)
class ListedErasure:
    """`subject_reference` or `number_digest` may be missing where the list had to be mended."""

    erased_at: datetime
    subject_reference: UUID | None
    number_digest: bytes | None = None
    digest_key_id: str = ""

    def __str__(self) -> str:
        kept = f"{self.digest_key_id}:{self.number_digest.hex()}" if self.number_digest else NOTHING
        flag = REMEMBERED if self.number_digest else FORGOTTEN
        return f"{self.erased_at.isoformat()} {self.subject_reference or NOTHING} {flag} {kept}"


@dataclass(frozen=True)
class Line:
    """One line as it stands; `erasure` is None where it cannot be read."""

    number: int
    end: int
    erasure: ListedErasure | None


def parse(line: str) -> ListedErasure:
    """Undo `str`, or raise `Unreadable`."""
    try:
        when, who, flag, kept = line.split(" ")
        key_id, digest = _parse_digest(kept)
        erasure = ListedErasure(
            erased_at=datetime.fromisoformat(when),
            subject_reference=None if who == NOTHING else UUID(who),
            number_digest=digest,
            digest_key_id=key_id,
        )
    except ValueError:
        raise Unreadable from None
    if str(erasure) != line or flag not in (REMEMBERED, FORGOTTEN):
        raise Unreadable
    return erasure


def _parse_digest(kept: str) -> tuple[str, bytes | None]:
    if kept == NOTHING:
        return "", None
    key_id, _colon, digits = kept.rpartition(":")
    digest = bytes.fromhex(digits)
    if len(digest) != DIGEST_BYTES:
        raise Unreadable
    return key_id, digest


def path() -> Path | None:
    """Where the list is kept; None where no place was given."""
    return Path(settings.ERASURE_LIST) if settings.ERASURE_LIST else None


def size() -> int:
    place = path()
    try:
        return place.stat().st_size if place else 0
    except FileNotFoundError:
        return 0


def lines(*, after: int = 0) -> Iterator[Line]:
    """The lines that begin `after` so many bytes, as they are read."""
    place = path()
    if place is None or not place.exists():
        return
    with place.open("rb") as file:
        file.seek(after)
        for number, raw in enumerate(file, start=1):
            yield Line(number, file.tell(), _read(raw))


def _read(raw: bytes) -> ListedErasure | None:
    try:
        return parse(raw.decode("ascii").removesuffix("\n")) if raw.endswith(b"\n") else None
    except (UnicodeDecodeError, Unreadable):
        return None


@contextmanager
def held(mode: int = fcntl.LOCK_EX) -> Iterator[int]:
    """The list, open and locked against other processes; take no other lock inside."""
    place = path()
    assert place is not None  # noqa: S101 (callers look first)
    file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(file, mode)
        yield file
    finally:
        os.close(file)


def append(file: int, erasures: Iterable[ListedErasure]) -> int:
    """Add lines so that they outlast a power cut; all of them or none. Returns the new size."""
    before = os.fstat(file).st_size
    text = "".join(f"{erasure}\n" for erasure in erasures).encode()
    if before and os.pread(file, 1, before - 1) != b"\n":
        text = b"\n" + text
    try:
        if os.write(file, text) != len(text):
            raise OSError("the list of erasures is cut short: is the disk full?")
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise
    return before + len(text)


def known_size() -> int:
    position = ErasureListPosition.objects.first()
    return position.size if position else 0


def is_ahead() -> bool:
    """Whether the list has erasures that this database has not: it was restored from a backup."""
    now = size()
    if not now or now <= known_size():
        return False
    with held(fcntl.LOCK_SH):
        # Somebody may just have been adding a line.
        return size() > known_size()
