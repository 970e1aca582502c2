from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.models import PageLink
from consent.models.confirmations import LinkScope
from consent.operations.access import UnableToOpen, open_with_link
from subscribers.models import AccessAction, AccessRecord
from tests import cast
from tests.consent.test_preferences_page import CHOICES, access_code, link_to

pytestmark = pytest.mark.django_db

REVOKE = "/preferences/choices/links/"


@pytest.fixture
def alice():
    return cast.confirmed(cast.ALICE, at=timezone.now() - cast.HOUR)


@pytest.fixture
def by_link(client, alice):
    """A browser in which a link opened alice's page."""
    client.post(link_to(alice))
    return client


@pytest.fixture
def by_code(alice):
    """Another, in which a code sent to her phone did."""
    client = Client()
    page = client.post("/preferences/", {"number": cast.ALICE})["Location"]
    client.post(page, {"code": access_code(alice)})
    return client


def is_open(client):
    return client.get(CHOICES).status_code == 200


def test_her_page_offers_it(by_code):
    assert f'action="{REVOKE}"' in by_code.get(CHOICES).content.decode()


def test_no_earlier_link_opens_the_page_any_more(by_code, alice):
    forwarded = link_to(alice)
    assert by_code.post(REVOKE)["Location"] == CHOICES
    assert Client().post(forwarded).status_code == 410
    assert Client().post(link_to(alice)).status_code == 303


def test_every_other_browser_is_closed_and_hers_stays(by_code, by_link, alice):
    by_code.post(REVOKE)
    assert is_open(by_code)
    assert not is_open(by_link)
    assert by_code.get("/preferences/copy/").status_code == 200


def test_whoever_came_by_a_link_is_led_to_the_code(by_link):
    assert by_link.post(REVOKE)["Location"] == "/preferences/"
    assert not is_open(by_link)
    assert "do not open this page" in by_link.get("/preferences/").content.decode()


def test_a_look_changes_nothing(by_link, alice):
    assert by_link.get(REVOKE).status_code == 405
    assert PageLink.objects.filter(scope=LinkScope.OPEN_BY_LINK, revoked_at=None).exists()


def test_staff_do_it_for_her_and_she_reads_it(client, alice):
    token = link_to(alice).split("/")[2]
    client.force_login(cast.staff("clerk", "Editor"))
    address = reverse("admin:subscribers_subscriber_revoke_links", args=[alice.public_id])
    page = client.get(reverse("admin:subscribers_subscriber_change", args=[alice.public_id]))
    assert f'action="{address}"' in page.content.decode()
    assert client.post(address).status_code == 302
    with pytest.raises(UnableToOpen):
        open_with_link(token=token, at=timezone.now())
    record = AccessRecord.objects.get(action=AccessAction.REVOKED_LINKS)
    assert (record.subscriber, record.role) == (alice, "Editor")


def test_a_viewer_cannot(client, alice):
    link_to(alice)
    client.force_login(cast.staff("looker", "Viewer"))
    client.post(reverse("admin:subscribers_subscriber_revoke_links", args=[alice.public_id]))
    assert PageLink.objects.filter(scope=LinkScope.PREFERENCES, revoked_at=None).exists()
