from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.judge import LogReader
from config.stack.programs import free_port

PROGRAM = Path(__file__).resolve().parents[2] / "bench" / "carrier.py"
SECRET = "only-for-tests"
TEXT = {"to": "+447700900001", "from": "Library", "text": "Hello", "reference": "abc"}


@pytest.fixture
def carrier(tmp_path):
    """A connection to a carrier process, and its log."""
    port, log = free_port(), tmp_path / "texts.log"
    command = [sys.executable, str(PROGRAM), "--port", str(port), "--log", str(log)]
    process = subprocess.Popen(command, env=os.environ | {"CARRIER_SECRET": SECRET})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    give_up = time.monotonic() + 20
    while not _answers(connection) and time.monotonic() < give_up:
        time.sleep(0.05)
    yield connection, LogReader(log)
    connection.close()
    process.terminate()
    assert process.wait(10) == 0


def _answers(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.connect()
    except ConnectionRefusedError:
        return False
    return True


def _post(connection, body, *, secret=SECRET, path="/messages"):
    headers = {"authorization": f"Bearer {secret}"}
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def test_it_writes_down_what_it_takes_and_nothing_else(carrier):
    connection, log = carrier
    began = time.monotonic()
    status, answer = _post(connection, json.dumps(TEXT))
    assert (status, json.loads(answer)) == (201, {"id": "1"})
    assert _post(connection, json.dumps(TEXT), secret="guessed")[0] == 401
    assert _post(connection, b"[]")[0] == 400
    assert _post(connection, json.dumps(TEXT), path="/elsewhere")[0] == 404
    assert _post(connection, json.dumps(TEXT | {"reference": "def"}))[0] == 201
    give_up = time.monotonic() + 5
    texts = log.new()
    while len(texts) < 2 and time.monotonic() < give_up:
        texts += log.new()
    assert [text.reference for text in texts] == ["abc", "def"]
    assert began < texts[0].at < texts[1].at < time.monotonic()
    assert {text.number for text in texts} == {"+447700900001"}
