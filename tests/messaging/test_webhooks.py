from __future__ import annotations

import json
import time

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from messaging.carrier import signature
from messaging.models import InboundMessage, MessageState, Receipt
from messaging.models.messages import receipt_token, reference
from tests.carrier import SECRET, RunningCarrier, running_carrier, wait_until

INBOUND = "/providers/simulator/inbound/"
RECEIPTS = "/providers/simulator/receipts/1.secret/"
TEXT = {"id": "r-1", "from": "+447700900121", "to": "Library", "text": "Hello there"}
REPORT = {"id": "c-1", "reference": "1.m", "status": "delivered", "error_code": ""}

pytestmark = pytest.mark.django_db


def post(
    path: str,
    payload: object,
    *,
    secret: str = SECRET,
    signed_at: float | None = None,
    client: Client | None = None,
) -> tuple[int, str]:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = signature.headers(secret, body=body, now=signed_at or time.time())
    client = client or Client(enforce_csrf_checks=True)
    response = client.post(path, body, content_type="application/json", headers=headers)
    return response.status_code, response.content.decode()


def test_a_text_is_taken_once_however_often_it_comes() -> None:
    assert [post(INBOUND, TEXT) for _ in range(3)] == [(204, "")] * 3
    assert InboundMessage.objects.count() == 1


def test_a_receipt_is_kept_for_later() -> None:
    assert post(RECEIPTS, REPORT) == (204, "")
    receipt = Receipt.objects.get()
    assert (receipt.provider, receipt.reference) == ("simulator", "1.secret")
    assert (receipt.state, receipt.applied_at) == (MessageState.DELIVERED, None)


def test_every_reference_we_make_fits() -> None:
    for _ in range(100):
        ours = reference(2**50, receipt_token())
        assert post(f"/providers/simulator/receipts/{ours}/", REPORT)[0] == 204


@pytest.mark.parametrize("path", [INBOUND, RECEIPTS])
@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_signature_is_refused(path: str, minutes: int) -> None:
    assert post(path, TEXT, signed_at=time.time() + 60 * minutes) == (403, "bad signature")


@pytest.mark.parametrize("path", [INBOUND, RECEIPTS])
def test_a_signature_of_someone_else_is_refused(path: str) -> None:
    assert post(path, TEXT, secret="guess") == (403, "bad signature")
    assert not InboundMessage.objects.exists()


def test_no_secret_configured_means_nobody_is_believed(settings: Settings) -> None:
    settings.CARRIER_SECRET = ""
    assert post(INBOUND, TEXT, secret="") == (403, "bad signature")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Carrier-Timestamp": "now", "X-Carrier-Signature": "x"},
        {"X-Carrier-Timestamp": "9" * 400, "X-Carrier-Signature": "x"},
        {"X-Carrier-Timestamp": "²", "X-Carrier-Signature": "é"},
    ],
)
def test_a_strange_signature_is_refused(headers: dict[str, str]) -> None:
    response = Client().post(INBOUND, TEXT, content_type="application/json", headers=headers)
    assert response.status_code == 403


def test_a_changed_body_is_refused() -> None:
    body = json.dumps(TEXT).encode()
    headers = signature.headers(SECRET, body=body, now=time.time())
    changed = body.replace(b"Hello", b"STOP!")
    response = Client().post(INBOUND, changed, content_type="application/json", headers=headers)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "garbage",
    [
        b"", b"\xff\xfe", b"[]", b"null", b"1", b"[" * 60_000, b'{"id": ' + b"9" * 5000 + b"}",
        {}, TEXT | {"from": "07700900121"}, TEXT | {"from": "+999123456789"},
        TEXT | {"from": ["+447700900121"]}, TEXT | {"from": "+447700900121\n"},
        TEXT | {"id": "x" * 81}, TEXT | {"id": ""}, TEXT | {"id": "a\u0000b"},
        TEXT | {"id": "\ud800"}, TEXT | {"to": None}, TEXT | {"to": "x" * 21},
        TEXT | {"text": "x" * 2001}, TEXT | {"text": 5}, TEXT | {"text": "a\u0000"},
        TEXT | {"text": "\udfff"},
    ],
)  # fmt: skip
def test_a_garbled_text_is_a_400_with_a_reason(garbage: object) -> None:
    status, reason = post(INBOUND, garbage)
    assert status == 400
    assert 0 < len(reason) < 80
    assert "7700900121" not in reason
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize(
    "garbage", [b"{", {}, REPORT | {"status": "eaten"}, REPORT | {"status": 1}]
)
def test_a_garbled_receipt_is_a_400_with_a_reason(garbage: object) -> None:
    assert post(RECEIPTS, garbage)[0] == 400
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("code", "kept"),
    [("phone_unreachable", "phone_unreachable"), ("to +447700900121", "unlisted"), (None, "")],
)
def test_an_error_code_carries_no_words(code: object, kept: str) -> None:
    assert post(RECEIPTS, REPORT | {"error_code": code})[0] == 204
    assert Receipt.objects.get().error_code == kept


def test_an_empty_text_and_line_breaks_are_texts() -> None:
    assert post(INBOUND, TEXT | {"text": ""})[0] == 204
    assert post(INBOUND, TEXT | {"id": "r-2", "text": "two\nlines"})[0] == 204


@pytest.mark.parametrize("path", [INBOUND, RECEIPTS])
def test_too_big_a_body_is_a_413(path: str) -> None:
    assert post(path, b"x" * 65_537) == (413, "body too big")


@pytest.mark.parametrize(
    "path",
    ["/providers/pigeon/inbound/", "/providers/pigeon/receipts/t/", f"{RECEIPTS[:-8]}{'x' * 23}/"],
)  # fmt: skip
def test_an_unknown_address_is_a_404(path: str) -> None:
    assert post(path, TEXT)[0] == 404


@pytest.mark.parametrize("path", [INBOUND, RECEIPTS])
def test_get_is_refused(path: str) -> None:
    assert Client().get(path).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_what_the_carrier_sends_arrives(
    live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = tmp_path_factory.mktemp("live")
    with running_carrier(state, live_server.url) as carrier:
        _reply_and_receipt(carrier, live_server.url)
        wait_until(lambda: InboundMessage.objects.exists() and Receipt.objects.exists())


def _reply_and_receipt(carrier: RunningCarrier, url: str) -> None:
    receipt_url = f"{url}/providers/simulator/receipts/1.t/"
    carrier.submit("+447700900122", receipt_url=receipt_url)
    carrier.call("POST", f"/handsets/{carrier.phone('+447700900122')}/reply", {"text": "Hi"})


def test_one_webhook_can_report_about_many_texts() -> None:
    reports = [{"reference": f"{n}.secret", "status": "delivered"} for n in range(3)]
    assert post(RECEIPTS, {"reports": reports}) == (204, "")
    references = Receipt.objects.order_by("id").values_list("reference", flat=True)
    assert list(references) == ["0.secret", "1.secret", "2.secret"]


@pytest.mark.parametrize("reports", [{}, ["x"], [{"status": "delivered"}], [REPORT, {}]])
def test_of_reports_that_are_not_all_readable_none_is_kept(reports: object) -> None:
    assert post(RECEIPTS, {"reports": reports})[0] == 400
    assert not Receipt.objects.exists()
