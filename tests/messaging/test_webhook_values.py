"""What a provider is shown of its webhook, and what of its answer is taken."""

from __future__ import annotations

from typing import ClassVar

import pytest
from django.test import Client
from pytest_django import Settings

from messaging.models import MessageState
from messaging.providers.base import ReceiptReport
from messaging.providers.simulator import Simulator
from messaging.providers.webhook import Webhook
from messaging.webhooks import Refused, receipts_in
from tests.inbox import REPORT, path_of, signed, visit

PATH = path_of("1.secret")


class Careless(Simulator):
    """Hands on what stands in the body."""

    told: ClassVar[ReceiptReport]

    def receipts(self, webhook: Webhook, reference: str) -> list[ReceiptReport]:
        return [self.told]


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("1.a\0b", ""),
        ("1." + "x" * 23, ""),
        ("", ""),
        ("1.\ud800", ""),
        ("t", ""),
        ("1.", ""),
        ("1.t", "\0"),
        ("1.t", "x" * 41),
    ],
)
def test_what_no_row_can_hold_is_refused_at_the_door(
    reference: str, code: str, settings: Settings
) -> None:
    settings.SMS_PROVIDERS = {"careless": "tests.messaging.test_webhook_values.Careless"}
    Careless.told = ReceiptReport(reference, MessageState.DELIVERED, code)
    body, headers = signed(REPORT)
    with pytest.raises(Refused) as refusal:
        receipts_in(Webhook("", headers, body), provider_name="careless", reference="1.t")
    assert refusal.value.status == 400


class Curious(Simulator):
    """Notes what it is shown."""

    seen: ClassVar[list[Webhook]] = []

    def verify(self, webhook: Webhook) -> None:
        self.seen.append(webhook)
        super().verify(webhook)


@pytest.mark.django_db(transaction=True)
def test_a_provider_sees_the_same_of_both_and_the_address_that_it_was_given(
    settings: Settings,
) -> None:
    settings.RECEIPTS_URL = "https://receipts.example"
    settings.SMS_PROVIDERS = {"simulator": "tests.messaging.test_webhook_values.Curious"}
    body, headers = signed(REPORT)
    Client().post(f"{PATH}?a=1", body, content_type="application/json", headers=headers)
    assert visit(lambda visit: visit.post("1.secret", query="?a=1")) == 204
    for webhook in Curious.seen:
        assert webhook.url == f"https://receipts.example{PATH}?a=1"
        assert webhook.body == body
        assert webhook.headers["x-CARRIER-timestamp"].isdecimal()
    assert len(Curious.seen) == 2
