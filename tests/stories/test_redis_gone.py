"""Redis or Valkey gone: signing up and STOP still work, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from consent.models import Confirmation, Suppression
from messaging.models import Message, MessageState
from tests import cast
from tests.stories.conftest import wait_until

# A web process of its own, whose cache and broker do not exist.
SIGN_UP = """
import tests.settings, django; django.setup()
from django.test import Client
from tests.stories.visitor import Page
client = Client(SERVER_NAME="localhost")
page = Page("", 200, client.get("/signup/news/").content.decode())
form = dict(page.form("confirmation text").fields)
answers = {"number": "07700 900001", "age": "old_enough", "language": "en", "purposes": "%d"}
print(client.post("/signup/news/", {**form, **answers}).status_code)
"""
STOP = """
import tests.settings, django; django.setup()
from django.utils import timezone
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
text = InboundText("stop-1", "+447700900001", "+447700900900", "STOP")
receive_text(provider="simulator", text=text, at=timezone.now())
print("acknowledged")
"""


def without_redis(town, program: str) -> str:
    environment = {**town.crew.environment, "REDIS_URL": "unix:///nonexistent/valkey.sock?db=0"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=Path.cwd(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def test_a_signup_is_kept_and_its_text_leaves_when_redis_is_back(town):
    promise = cast.notice_version().purposes.get(purpose__code="news")
    assert without_redis(town, SIGN_UP % promise.pk) == "303"
    assert Confirmation.objects.count() == 1
    town.phone(cast.ALICE).gets("reply YES")


def test_a_stop_is_acknowledged(town):
    town.join(cast.ALICE)
    assert without_redis(town, STOP) == "acknowledged"
    assert Suppression.objects.filter(lifted_at=None).count() == 1
    town.phone(cast.ALICE).gets("no more texts")
    leaving = Message.objects.filter(state=MessageState.SUBMITTING)
    wait_until(lambda: not leaving.exists(), "what left is recorded")
