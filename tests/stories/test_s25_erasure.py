"""S25: erased means gone from every place we keep things, with the no remembered if they wish."""

from __future__ import annotations

import logging
import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from config.stack.identity import identity_for
from config.stack.postgres import PROGRAMS, _package
from consent.models import ConsentEvidence, EventKind, Suppression
from messaging.models import Message
from subscribers.models import AccessRecord, Subscriber
from tests import cast
from tests.stories.conftest import wait_until
from tests.stories.test_s24_own_page import open_with_code, open_with_link
from tests.stories.test_s29_nothing_readable import cache_bytes, database_bytes
from tests.stories.test_s30_staff import sign_in

# A number that no clock, port or identifier contains by accident.
CANARY = "+447700900987"
# International, national as written and as dialed, and the last seven digits.
FORMS = (b"447700900987", b"7700 900987", b"07700900987", b"0900987", b"900 987")


def dumped() -> bytes:
    """The database as pg_dump writes it, and byte columns decoded."""
    program = _package() / PROGRAMS / "pg_dump"
    assert program.exists(), "without pg_dump nobody knows what a dump holds"
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    url = f"{head.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}?{query}"
    identity = identity_for(program)
    done = subprocess.run([str(program), url], capture_output=True, check=True, user=identity.uid)
    written = re.findall(rb"\\\\x([0-9a-f]+)", done.stdout)
    return done.stdout + b"".join(bytes.fromhex(digits.decode()) for digits in written)


def erase(town, visitor, page, *, remember: str):
    page = visitor.get("/preferences/erase/")
    assert "What goes" in page.text
    return visitor.send(page, page.form("Remember my no"), remember_no=remember)


def sinks(town, caplog) -> dict[str, bytes]:
    return {
        "database": database_bytes(),
        "dump": dumped(),
        "cache": cache_bytes(),
        "workers' logs": town.crew.logs().encode(),
        "web log": caplog.text.encode(),
        "list of erasures": Path(settings.ERASURE_LIST).read_bytes(),
    }


def test_nothing_readable_and_nothing_decipherable_is_left(town, caplog):
    caplog.set_level(logging.DEBUG)
    alice = town.join(CANARY)
    town.phone(CANARY).replies("When do you open on Sundays?")
    town.run(cast.draft("Violet heron at the harbor"))
    town.phone(CANARY).gets("Violet heron")
    visitor, page = open_with_code(town, CANARY)
    page = erase(town, visitor, page, remember="yes")
    assert "Erased. You get no more texts." in page.text
    searched = sinks(town, caplog)
    found = {(name, form) for name, sink in searched.items() for form in FORMS if form in sink}
    assert found == set()
    # The search does read: the campaign's own words are no secret.
    assert b"Violet heron" in searched["dump"]
    assert not ConsentEvidence.objects.filter(event__subject=alice).exists()
    assert not Message.objects.filter(text_ciphertext__isnull=False).exists()
    assert alice.events.filter(kind=EventKind.ERASED).count() == 1


def test_a_later_signup_meets_the_remembered_no(town):
    town.join(cast.ALICE)
    visitor, page = open_with_code(town, cast.ALICE)
    erase(town, visitor, page, remember="yes")
    before = len(town.phone(cast.ALICE).texts())
    known, unknown = town.sign_up(cast.ALICE), town.sign_up(cast.BOB)
    assert (known.status, known.text) == (unknown.status, unknown.text)
    town.phone(cast.BOB).gets("reply YES")
    assert len(town.phone(cast.ALICE).texts()) == before
    assert not Subscriber.objects.with_number(cast.ALICE).exists()


def test_only_start_from_the_phone_ends_the_silence(town):
    town.join(cast.ALICE)
    visitor, page = open_with_code(town, cast.ALICE)
    erase(town, visitor, page, remember="yes")
    town.phone(cast.ALICE).replies("START")
    wait_until(lambda: not Suppression.objects.filter(lifted_at=None).exists(), "the lifting")
    town.join(cast.ALICE)


def test_whoever_wants_to_be_forgotten_entirely_is_a_stranger_again(town):
    town.join(cast.ALICE)
    visitor, page = open_with_code(town, cast.ALICE)
    erase(town, visitor, page, remember="no")
    assert not Suppression.objects.exists()
    before = len(town.phone(cast.ALICE).texts())
    town.sign_up(cast.ALICE)
    wait_until(lambda: len(town.phone(cast.ALICE).texts()) > before, "a confirmation text")


def test_a_forwarded_link_erases_nobody(town):
    town.join(cast.ALICE)
    visitor, _page = open_with_link(town, cast.ALICE)
    page = visitor.get("/preferences/erase/")
    assert "One more code" in page.text
    assert Subscriber.objects.with_number(cast.ALICE).exists()


def test_every_browser_forgets_the_page(town):
    town.join(cast.ALICE)
    first, _ = open_with_link(town, cast.ALICE)
    second, page = open_with_code(town, cast.ALICE)
    erase(town, second, page, remember="yes")
    for visitor in (first, second):
        assert visitor.get("/preferences/choices/").address.endswith("/preferences/")


@pytest.mark.parametrize("role", ["Privacy officer", "Editor"])
def test_staff_erase_for_a_person_and_it_is_on_record(town, role):
    cast.staff("someone", role)
    alice = town.join(cast.ALICE)
    visitor = sign_in(town, "someone")
    page = visitor.get(f"/admin/subscribers/subscriber/{alice.public_id}/change/")
    if role == "Editor":
        assert "Erase this person" not in page.text
        return
    visitor.send(page, page.form("remember_no"), reason="person", remember_no="yes")
    assert not Subscriber.objects.reachable().exists()
    assert AccessRecord.objects.filter(action="erased", reason="They asked for it").count() == 1
