"""A text that may have left is called so wherever staff see it."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Enquiry
from messaging.operations.audience import cut_audience
from messaging.operations.recovery import recover
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY


@pytest.fixture
def message():
    """A campaign's text to alice of which nothing was heard in three days."""
    cast.alice()
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    campaign.messages.update(state="submitting", permitted_at=AT, attempts_made=1)
    recover(at=AT + cast.MINUTE)
    found = campaign.messages.get()
    Enquiry.objects.create(message=found, times=3, asked_at=AT, next_at=AT + cast.HOUR)
    recover(at=AT + 73 * cast.HOUR)
    return found


@pytest.fixture
def viewer(client: Client) -> Client:
    client.force_login(cast.staff("viewer", "Viewer"))
    return client


def read(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(f"admin:{name}", args=args))
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def test_on_the_campaigns_page(viewer: Client, message):
    page = read(viewer, "messaging_campaign_change", message.campaign_id)
    assert "Possibly sent</a>" in page


def test_in_the_list_of_messages_and_on_its_own_page(viewer: Client, message):
    shown = '<span class="state state-unknown_final">possibly sent</span>'
    assert shown in read(viewer, "messaging_message_changelist")
    page = read(viewer, "messaging_message_change", message.pk)
    assert shown in page
    assert "3 times, last on 3 November 2026, 12:00" in page
