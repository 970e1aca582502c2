"""Questions to the simulated carrier."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

SECONDS = 3.0


class CarrierSilent(Exception):
    """The simulated carrier does not answer."""


class CarrierRefused(Exception):
    """The simulated carrier said no."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


def list_handsets() -> list[dict[str, Any]]:
    """Those used last come first: id, number (masked), unread, last (a line or None)."""
    handsets: list[dict[str, Any]] = _ask("GET", "/handsets")["handsets"]
    for handset in handsets:
        if handset["last"]:
            _read_time(handset["last"])
    return handsets


def handset(handset_id: str) -> dict[str, Any]:
    """One phone with its `lines`: at, is_reply, service, text."""
    found = _ask("GET", f"/handsets/{quote(handset_id, safe='')}")
    for line in found["lines"]:
        _read_time(line)
    return found


def find_handset(e164: str) -> str:
    """The id of the phone with that number; a number never seen gets a phone."""
    return str(_ask("POST", "/handsets/find", {"number": e164})["id"])


def reply(handset_id: str, *, text: str, to: str) -> None:
    """Send a text from the phone; `to` empty answers whoever texted it last."""
    _ask("POST", f"/handsets/{quote(handset_id, safe='')}/reply", {"text": text, "to": to})


def switches() -> dict[str, Any]:
    return _ask("GET", "/switches")


def change_switches(wanted: dict[str, Any]) -> None:
    _ask("PUT", "/switches", wanted)


def _ask(method: str, path: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    body = None if payload is None else json.dumps(payload)
    try:
        status, answer = _exchange(method, path, body)
    except (OSError, http.client.HTTPException, ValueError):
        raise CarrierSilent from None
    if status >= 400:
        raise CarrierRefused(status, str(answer.get("error", "")))
    return answer


def _exchange(method: str, path: str, body: str | None) -> tuple[int, dict[str, Any]]:
    address = urlsplit(settings.CARRIER_URL)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
    try:
        headers = {"Authorization": f"Bearer {settings.CARRIER_SECRET}"}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        return response.status, answer
    finally:
        connection.close()


def _read_time(line: dict[str, Any]) -> None:
    line["at"] = datetime.fromtimestamp(line["at"], tz=UTC)
