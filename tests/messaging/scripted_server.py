"""A server on a real socket that answers each request with fixed bytes, or not at all."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

RESET = b"reset"
SILENCE = b"silence"
HANG_UP = b"hang up"


def answer(status: int, body: str = "", **headers: str) -> bytes:
    fields = {"Content-Length": str(len(body.encode())), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return f"HTTP/1.1 {status} Whatever\r\n{''.join(lines)}\r\n{body}".encode()


@dataclass
class ScriptedServer:
    """`answers` in turn, the last one again and again. `received` holds whole requests only."""

    answers: list[bytes]
    hangs_up_after_each: bool = False
    received: list[bytes] = field(default_factory=list)
    bytes_received: int = 0
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection:
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while request := self._read_request(connection):
            self.received.append(request)
            said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if said == SILENCE:
                connection.recv(1)
                return
            if said == RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if said == HANG_UP:
                return
            connection.sendall(said)
            if self.hangs_up_after_each:
                return

    def _read_request(self, connection: socket.socket) -> bytes:
        data = b""
        while chunk := connection.recv(65536):
            self.bytes_received += len(chunk)
            data += chunk
            head, found, body = data.partition(b"\r\n\r\n")
            if found and len(body) >= _length(head):
                return data
        return b""


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@contextmanager
def scripted_server(*answers: bytes, hangs_up_after_each: bool = False) -> Iterator[ScriptedServer]:
    server = ScriptedServer(list(answers), hangs_up_after_each)
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join()
