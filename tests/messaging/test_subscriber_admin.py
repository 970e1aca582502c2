from __future__ import annotations

import html

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from consent.suppression import is_suppressed
from messaging.models import Message, MessageState
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from messaging.rules.permission import NotSuppressed
from subscribers.models import AccessAction, AccessRecord, Subscriber
from tests import cast

pytestmark = pytest.mark.django_db
FIND = "admin:subscribers_subscriber_find"


@pytest.fixture
def privacy(client: Client) -> Client:
    client.force_login(cast.staff("privacy", "Privacy officer"))
    return client


def page_of(person: Subscriber) -> str:
    return reverse("admin:subscribers_subscriber_change", args=[person.public_id])


def test_the_list_masks_every_number(privacy: Client) -> None:
    cast.alice()
    page = privacy.get(reverse("admin:subscribers_subscriber_changelist")).content.decode()
    assert "+44 ••••••••01" in page
    assert "7700900001" not in page


def test_a_number_is_found_by_post_and_the_look_is_on_record(privacy: Client) -> None:
    alice = cast.alice()
    response = privacy.post(reverse(FIND), {"number": "07700 900001", "reason": "complaint"})
    assert response["Location"] == page_of(alice)
    record = AccessRecord.objects.get()
    assert (record.action, record.subscriber, record.reason, record.role) == (
        AccessAction.SEARCHED, alice, "They complained", "Privacy officer",
    )  # fmt: skip


def test_an_unknown_number_is_on_record_too(privacy: Client) -> None:
    page = privacy.post(reverse(FIND), {"number": cast.STRANGER, "reason": "asked"})
    assert "We know nobody with this number." in page.content.decode()
    assert AccessRecord.objects.get().subscriber is None


def test_looking_needs_a_reason_and_a_number(privacy: Client) -> None:
    assert privacy.post(reverse(FIND), {"number": "12", "reason": ""}).status_code == 200
    assert not AccessRecord.objects.exists()


def test_a_number_in_the_address_finds_nothing(privacy: Client) -> None:
    cast.alice()
    response = privacy.get(reverse(FIND), {"number": cast.ALICE, "reason": "asked"})
    assert response.status_code == 200
    assert not AccessRecord.objects.exists()


def test_opening_a_person_is_on_record(privacy: Client) -> None:
    alice = cast.alice()
    page = privacy.get(page_of(alice)).content.decode()
    assert "Confirmed from the phone" in page
    assert "7700900001" not in page
    assert AccessRecord.objects.get().action == AccessAction.VIEWED


def test_whoever_decides_what_somebody_meant_can_read_it(privacy: Client) -> None:
    alice = cast.alice()
    text = InboundText("t1", cast.ALICE, "+447700900900", "Who <is> this?")
    receive_text(provider="simulator", text=text, at=cast.NOON + cast.HOUR)
    page = privacy.get(page_of(alice)).content.decode()
    assert "<q>Who &lt;is&gt; this?</q>, understood as <strong>unclear</strong>" in page


def test_the_page_says_why_a_text_did_not_go(privacy: Client) -> None:
    alice = cast.alice()
    texts = Message.objects.filter(subscriber=alice, state=MessageState.QUEUED)
    texts.update(state=MessageState.WITHHELD, objections=[{"code": NotSuppressed.code}])
    page = privacy.get(page_of(alice)).content.decode()
    assert "not sent: the rules said no" in page
    assert str(NotSuppressed.sentence) in html.unescape(page)


@pytest.mark.parametrize("address", ["1", "x", "00000000-0000-0000-0000-000000000000"])
def test_people_have_no_countable_address(privacy: Client, address: str) -> None:
    cast.alice()
    name = "admin:subscribers_subscriber_change"
    assert privacy.get(reverse(name, args=[address])).status_code == 404


def test_staff_pass_on_a_stop(privacy: Client) -> None:
    alice = cast.alice()
    stop = reverse("admin:subscribers_subscriber_stop", args=[alice.public_id])
    assert privacy.get(stop).status_code == 405
    page = privacy.post(stop, {"reason": ""})
    assert "This field is required." in page.content.decode()
    assert not is_suppressed(alice)
    response = privacy.post(stop, {"reason": "At the desk."}, follow=True)
    assert is_suppressed(alice)
    assert "Only START or JOIN" in response.content.decode()


def test_a_viewer_sees_nobody(client: Client) -> None:
    client.force_login(cast.staff("viewer", "Viewer"))
    alice = cast.alice()
    assert client.get(page_of(alice)).status_code == 403
    assert client.get(reverse(FIND)).status_code == 403
    stop = reverse("admin:subscribers_subscriber_stop", args=[alice.public_id])
    assert client.post(stop, {"reason": "x"}).status_code == 403
    assert not AccessRecord.objects.exists()


def test_erased_people_keep_an_empty_page(privacy: Client) -> None:
    assert "Erased" in privacy.get(page_of(cast.erin())).content.decode()


def test_the_history_of_staff_work_names_nobody(privacy: Client) -> None:
    alice = cast.alice()
    privacy.post(reverse(FIND), {"number": cast.ALICE, "reason": "asked"})
    privacy.post(
        reverse("admin:subscribers_subscriber_stop", args=[alice.public_id]), {"reason": "x"}
    )
    written = "".join(
        f"{entry.object_repr}{entry.change_message}" for entry in LogEntry.objects.all()
    )
    assert "900001" not in written


def test_no_reason_for_looking_is_chosen_for_them(privacy: Client) -> None:
    cast.alice()
    page = privacy.post(reverse(FIND), {"number": cast.ALICE, "reason": ""})
    assert page.status_code == 200
    assert not AccessRecord.objects.exists()


def test_knowing_nobody_is_no_success(privacy: Client) -> None:
    page = privacy.post(reverse(FIND), {"number": cast.STRANGER, "reason": "asked"})
    [said] = page.context["messages"]
    assert said.level_tag == "warning"
