from __future__ import annotations

import os
import stat
from pathlib import Path

from config.stack.errors import UnableToStart


def claim_folder(folder: Path) -> None:
    """Make the folder, for us alone, or make sure that it is ours.

    Under /tmp anyone could have laid it before us, as a link or as a folder of their own.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        _refuse_unless_ours(folder)


def _refuse_unless_ours(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UnableToStart(f"{folder} is not a folder. Remove it, or set STATE_DIR.")
    if found.st_uid != os.geteuid():
        raise UnableToStart(
            f"{folder} belongs to another user (uid {found.st_uid}). "
            "Start as that user, remove it, or set STATE_DIR."
        )
    if found.st_mode & 0o022:
        raise UnableToStart(f"Others can write to {folder}. Remove it, or set STATE_DIR.")


def let_others_through(folder: Path) -> None:
    """Another uid may then reach a folder of its own inside, and list nothing on the way."""
    folder.chmod(0o711)


def let_others_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        runs = path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)


def give_folder(folder: Path, owner: int) -> None:
    """Hand a folder of ours and all that is in it to another uid."""
    if folder.lstat().st_uid == owner:
        return
    for path in folder.rglob("*"):
        os.chown(path, owner, owner, follow_symlinks=False)
    # Last: an interrupted hand-over is then taken up again.
    os.chown(folder, owner, owner)
