"""As whom PostgreSQL runs: it refuses root, also where nothing but root exists."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534


@dataclass(frozen=True)
class Identity:
    """A way to run a command: behind a prefix, as another uid, or plainly."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None

    @property
    def owner(self) -> int:
        """Whom the files must belong to, seen from outside any namespace."""
        return os.geteuid() if self.uid is None else self.uid

    def succeeds(self, *command: str | Path) -> bool:
        try:
            done = subprocess.run(
                [*self.prefix, *command],
                user=self.uid,
                group=self.uid,
                extra_groups=None if self.uid is None else [],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError:
            return False
        return done.returncode == 0


OURSELVES = Identity()


def identity_for(program: Path) -> Identity:
    """Ourselves; root takes a user namespace, or where there is none the user nobody."""
    if os.geteuid() != 0:
        return OURSELVES
    unshare = shutil.which("unshare")
    if unshare:
        namespace = Identity(prefix=(unshare, "--user", "--map-user=1000", "--map-group=1000"))
        if namespace.succeeds(program, "--version"):
            return namespace
    return Identity(uid=NOBODY)
