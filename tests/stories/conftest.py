from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from redis import Redis

from config.queues import QUEUES
from messaging.models import Campaign, CampaignStatus
from subscribers.models import Subscriber
from tests import cast
from tests.carrier import NORMAL, RunningCarrier, database_url, running_carrier
from tests.stories.crew import Crew
from tests.stories.visitor import Page, Visitor

T = TypeVar("T")
SHOWN_OF_A_LOG = 6_000
PATIENCE_SECONDS = 60.0
HEARS_OUT_SECONDS = 5.0
LIBRARY = "+447700900900"


def wait_until(question: Callable[[], T], what: str) -> T:
    """The first answer that is true; fails with `what` when none comes."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        if answer := question():
            return answer
        time.sleep(0.05)
    pytest.fail(f"waited in vain: {what}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport]:
    """A story that fails shows what its workers were doing."""
    report = yield
    town = getattr(item, "funcargs", {}).get("town")
    if report.failed and town is not None:
        for name, said in town.crew.ends_of_logs(SHOWN_OF_A_LOG).items():
            report.sections.append((f"{name} wrote", said))
    return report


@dataclass
class Phone:
    """One person's phone, as the carrier sees it."""

    carrier: RunningCarrier
    number: str

    def texts(self) -> list[str]:
        return [e["text"] for e in self.carrier.log() if e["number"] == self.number]

    def gets(self, words: str, *, after: int = 0) -> str:
        """The newest text with these words, once it arrives; the first `after` texts are old."""
        wait_until(lambda: any(words in t for t in self.texts()[after:]), f"a text with {words!r}")
        return next(t for t in reversed(self.texts()) if words in t)

    def replies(self, words: str) -> None:
        handset = self.carrier.phone(self.number)
        reply = {"text": words, "to": LIBRARY}
        status, _ = self.carrier.call("POST", f"/handsets/{handset}/reply", reply)
        assert status == 202


@dataclass
class Town:
    """The library with its site, its workers and a carrier, and the people around it."""

    site: str
    carrier: RunningCarrier
    crew: Crew
    carrier_state: Path = Path()
    # Lines that the carrier wrote in stories before this one.
    replies_before: int = 0

    def acknowledged(self) -> dict[str, float]:
        """When we said yes to each number's last reply, on the carrier's own clock."""
        entries = self._replies()
        numbers = {e["id"]: e["number"] for e in entries if e["kind"] == "reply"}
        return {numbers[e["id"]]: e["monotonic"] for e in entries if e["kind"] == "taken"}

    def took_to_acknowledge(self) -> list[float]:
        """Seconds from each reply on a phone to our yes."""
        entries = self._replies()
        said = {e["id"]: e["wall"] for e in entries if e["kind"] == "reply"}
        return [e["wall"] - said[e["id"]] for e in entries if e["kind"] == "taken"]

    def _replies(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.reply_lines()[self.replies_before :]]

    def reply_lines(self) -> list[str]:
        written = self.carrier_state / "replies.jsonl"
        return written.read_text().splitlines() if written.exists() else []

    def hear_out(self) -> None:
        """Wait until all that was said is answered: the carrier would say it again to the next
        story."""
        give_up = time.monotonic() + HEARS_OUT_SECONDS
        while time.monotonic() < give_up:
            entries = self._replies()
            said = {e["id"] for e in entries if e["kind"] == "reply"}
            if said <= {e["id"] for e in entries if e["kind"] == "taken"}:
                return
            time.sleep(0.05)

    def visitor(self) -> Visitor:
        return Visitor(self.site)

    def phone(self, number: str) -> Phone:
        return Phone(self.carrier, number)

    def sign_up(self, number: str, *purposes: str, visitor: Visitor | None = None) -> Page:
        """Fill in the form at /signup/news/ and tick these boxes."""
        visitor = visitor or self.visitor()
        page = visitor.get("/signup/news/")
        codes = purposes or ("news",)
        version = cast.notice_version()
        boxes = [str(p.pk) for p in version.purposes.filter(purpose__code__in=codes)]
        return visitor.send(
            page, page.form("confirmation text"),
            number=number, age="old_enough", language="en", purposes=boxes,
        )  # fmt: skip

    def join(self, number: str, *purposes: str) -> Subscriber:
        """Sign up, reply YES, and get the welcome text."""
        phone = self.phone(number)
        before = len(phone.texts())
        self.sign_up(number, *purposes)
        phone.gets("reply YES", after=before)
        phone.replies("YES")
        phone.gets("you are signed up", after=before)
        return Subscriber.objects.with_number(number).get()

    def run(self, campaign: Campaign) -> Campaign:
        """Approve and start it, and wait until everyone has an outcome."""
        cast.started(campaign, timezone.now())
        return self.finished(campaign)

    def finished(self, campaign: Campaign) -> Campaign:
        def done() -> bool:
            campaign.refresh_from_db()
            return campaign.status == CampaignStatus.FINISHED

        wait_until(done, "the campaign to finish")
        return campaign


@pytest.fixture(scope="session")
def carrier_state(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("carrier")


@pytest.fixture(scope="session")
def town_carrier(live_server, carrier_state) -> Iterator[RunningCarrier]:
    with running_carrier(carrier_state, live_server.url) as carrier:
        yield carrier


@pytest.fixture(scope="session")
def crew(live_server, town_carrier, django_db_setup, tmp_path_factory) -> Iterator[Crew]:
    crew = Crew(
        tmp_path_factory.mktemp("workers"), worker_environment(live_server.url, town_carrier)
    )
    yield crew
    crew.kill_all()


@pytest.fixture
def town(
    transactional_db, live_server, town_carrier, carrier_state, crew, settings
) -> Iterator[Town]:
    settings.CARRIER_URL = town_carrier.url
    settings.PUBLIC_URL = live_server.url
    town_carrier.switch(**NORMAL | {"receipts": "delivered"})
    town_carrier.start = town_carrier.call("GET", "/log?after=0")[1]["next"]
    empty_queues()
    cast.signup_form()
    cast.sender()
    cast.any_hour()
    crew.begin()
    town = Town(live_server.url, town_carrier, crew, carrier_state)
    town.replies_before = len(town.reply_lines())
    yield town
    town.hear_out()
    crew.rest()


def worker_environment(site: str, carrier: RunningCarrier) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "CARRIER_URL": carrier.url,
        "PUBLIC_URL": site,
    }


def empty_queues() -> None:
    """What the last story left. The bindings of the queues stay: the workers made them once."""
    cache = Redis.from_url(django_settings.REDIS_URL)
    prefix = django_settings.KEY_PREFIX
    for name in (*QUEUES, "unacked", "unacked_index"):
        cache.delete(f"{prefix}:{name}")
    cache.close()
