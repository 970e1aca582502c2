from __future__ import annotations

import http.client
import ssl

import pytest
from django.core.management import call_command

from consent.models import LedgerHandout
from consent.operations.handout import RETRY_AFTER, hand_out_checkpoint
from consent.operations.sealing import seal
from consent.proofs import newest_checkpoint
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def checkpoint():
    cast.alice()
    seal(at=cast.NOON)
    return newest_checkpoint()


@pytest.fixture
def mailbox(settings):
    settings.LEDGER_CHECKPOINT_MAILBOX = "auditor@example.org"


class Receiver:
    """The other side of the TLS connection."""

    def __init__(self, status: int = 204) -> None:
        self.status, self.received = status, []

    def request(self, connection, method, path, body, headers) -> None:
        self.received.append((connection.host, connection.port, method, path, body))

    def getresponse(self):
        return self


@pytest.fixture
def receiver(settings, monkeypatch):
    settings.LEDGER_CHECKPOINT_WEBHOOK = "https://auditor.example:8443/log?for=us"
    there = Receiver()
    connection = http.client.HTTPSConnection
    monkeypatch.setattr(connection, "request", lambda self, *a, **k: there.request(self, *a, **k))
    monkeypatch.setattr(connection, "getresponse", lambda self: there)
    return there


def test_the_mailbox_gets_the_note_byte_for_byte(checkpoint, mailbox, mailoutbox):
    hand_out_checkpoint(at=cast.NOON)
    (message,) = mailoutbox
    ((name, content, kind),) = message.attachments
    assert message.to == ["auditor@example.org"]
    assert (name, content, kind) == ("checkpoint-2.txt", checkpoint.note, "text/plain")
    assert LedgerHandout.objects.get().problem == ""


def test_the_webhook_gets_the_note_over_tls(checkpoint, receiver):
    hand_out_checkpoint(at=cast.NOON)
    note = checkpoint.note.encode()
    assert receiver.received == [("auditor.example", 8443, "POST", "/log?for=us", note)]
    assert LedgerHandout.objects.get().problem == ""


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_a_redirect_or_a_refusal_is_no_receipt(checkpoint, receiver, status):
    receiver.status = status
    hand_out_checkpoint(at=cast.NOON)
    assert len(receiver.received) == 1
    assert f"answered {status}" in LedgerHandout.objects.get().problem


def test_a_failure_is_recorded_and_tried_again(checkpoint, settings):
    settings.LEDGER_CHECKPOINT_WEBHOOK = "https://127.0.0.1:1/"
    for at in (cast.NOON, cast.NOON + RETRY_AFTER / 2, cast.NOON + RETRY_AFTER):
        hand_out_checkpoint(at=at)
    assert LedgerHandout.objects.count() == 2
    assert all("Refused" in handout.problem for handout in LedgerHandout.objects.all())


@pytest.mark.parametrize("address", ["http://auditor.example/", "ftp://auditor.example/", "x"])
def test_nothing_but_https_is_spoken(checkpoint, settings, address):
    settings.LEDGER_CHECKPOINT_WEBHOOK = address
    hand_out_checkpoint(at=cast.NOON)
    assert "not an https address" in LedgerHandout.objects.get().problem


def test_it_is_handed_out_every_hour_grown_or_not(checkpoint, mailbox, mailoutbox):
    for minutes in (0, 30, 59, 60, 90, 120):
        hand_out_checkpoint(at=cast.NOON + minutes * cast.MINUTE)
    assert len(mailoutbox) == 3


def test_a_clock_that_jumped_back_does_not_silence_it(checkpoint, mailbox, mailoutbox):
    hand_out_checkpoint(at=cast.NOON)
    hand_out_checkpoint(at=cast.NOON - cast.DAY)
    assert len(mailoutbox) == 2


def test_nobody_is_asked_for_nothing(mailbox, mailoutbox):
    assert hand_out_checkpoint(at=cast.NOON) == 0


def test_no_proxy_or_unproven_certificate_is_accepted(checkpoint, receiver):
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("LEDGER_CHECKPOINT_WEBHOOK", "http://auditor.example/", "consent.E002"),
        ("LEDGER_CHECKPOINT_MAILBOX", "auditor@example.org", "consent.E003"),
        ("LEDGER_SIGNING_KEY", "not a key", "consent.E001"),
        ("LEDGER_VERIFIER_KEYS", ["a+b+c"], "consent.E001"),
        ("LEDGER_SIGNING_KEY", "", "consent.W001"),
    ],
)
def test_a_configuration_that_proves_nothing_is_refused(settings, name, value, problem):
    from consent import checks

    setattr(settings, name, value)
    found = checks.check_ledger_keys(None) + checks.check_handout(None)
    assert problem in [each.id for each in found]


def test_a_new_key_is_shown_and_fits(capsys, settings):
    call_command("new_ledger_key")
    lines = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines() if "=" in line)
    settings.LEDGER_SIGNING_KEY = lines["LEDGER_SIGNING_KEY"]
    from consent.sealing import verifier_keys

    assert [str(key) for key in verifier_keys()] == [lines["LEDGER_VERIFIER_KEYS"]]
