"""Where the local stack keeps its things. Asking for a path creates nothing."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DATABASE = "yeslist"
# Bytes in a socket's path: 107 on Linux, 103 on macOS.
SOCKET_PATH_LIMIT = 103


@dataclass(frozen=True)
class StackLayout:
    """The paths and addresses that follow from one state folder."""

    state: Path

    @property
    def home(self) -> Path:
        return self.state.resolve()

    @property
    def run(self) -> Path:
        """The folder of the sockets; under /tmp where the state folder's path is too long."""
        beside = self.home / "run"
        if len(os.fsencode(beside / "postgres" / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path("/tmp") / f"yeslist-{os.getuid()}-{digest}"  # noqa: S108 (claim_folder guards it)

    @property
    def lock_file(self) -> Path:
        return self.home / "up.lock"

    @property
    def demo_environment_file(self) -> Path:
        return self.home / "demo.env"

    @property
    def postgres_folder(self) -> Path:
        return self.home / "postgres"

    @property
    def postgres_socket_folder(self) -> Path:
        return self.run / "postgres"

    @property
    def valkey_folder(self) -> Path:
        return self.home / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def carrier_folder(self) -> Path:
        return self.home / "carrier"

    @property
    def erasure_list(self) -> Path:
        return self.home / "erasures"

    @property
    def beat_schedule(self) -> Path:
        return self.home / "beat"

    @property
    def database_url(self) -> str:
        return self.url_of_database(DATABASE)

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self.valkey_socket))}?db=0"

    def url_of_database(self, name: str) -> str:
        """In the form that both libpq and django-environ read."""
        return f"postgresql://{DATABASE}@/{name}?host={quote(str(self.postgres_socket_folder))}"

    def log_file(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"
