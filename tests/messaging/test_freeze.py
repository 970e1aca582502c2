from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from messaging.lanes.wording import is_frozen
from messaging.models import SendingFreeze
from messaging.operations.freeze import UnableToFreeze, freeze_sending, release_sending
from subscribers.authorization import NotAuthorized
from tests import cast

pytestmark = pytest.mark.django_db

AT = cast.NOON


def client_of(name: str, role: str) -> Client:
    client = Client()
    client.force_login(cast.staff(name, role))
    return client


def test_one_person_stops_everything_and_another_lets_it_go_on():
    first, second = cast.staff("first", "Approver"), cast.staff("second", "Privacy officer")
    freeze_sending(actor=first, reason=" Wrong text. ", at=AT)
    assert is_frozen()
    with pytest.raises(NotAuthorized, match="Someone else"):
        release_sending(actor=first, at=AT)
    release_sending(actor=second, at=AT + cast.HOUR)
    assert not is_frozen()
    assert SendingFreeze.objects.get().reason == "Wrong text."


def test_whoever_froze_one_of_two_freezes_releases_neither():
    first, second = cast.staff("first", "Approver"), cast.staff("second", "Approver")
    for person in (first, second):
        freeze_sending(actor=person, reason="Wrong text.", at=AT)
    for person in (first, second):
        with pytest.raises(NotAuthorized):
            release_sending(actor=person, at=AT)
    release_sending(actor=cast.staff("third", "Approver"), at=AT)
    assert not is_frozen()


def test_a_freeze_without_a_reason_is_refused():
    with pytest.raises(UnableToFreeze):
        freeze_sending(actor=cast.approver(), reason="  ", at=AT)


def test_superusers_are_bound_too():
    root = cast.staff("root", "Viewer")
    root.is_superuser = True
    root.save()
    freeze_sending(actor=root, reason="Wrong text.", at=AT)
    with pytest.raises(NotAuthorized):
        release_sending(actor=root, at=AT)


def test_the_database_refuses_a_freeze_ended_by_whoever_began_it():
    freeze_sending(actor=cast.approver(), reason="Wrong text.", at=AT)
    for ended_by in (cast.approver(), None):
        with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
            SendingFreeze.objects.update(ended_at=AT, ended_by=ended_by)


def test_the_first_page_leads_to_it_and_every_staff_page_says_it():
    approver, viewer = client_of("approver", "Approver"), client_of("viewer", "Viewer")
    address = reverse("admin:messaging_sendingfreeze_freeze")
    assert address in approver.get(reverse("admin:index")).content.decode()
    assert address not in viewer.get(reverse("admin:index")).content.decode()
    page = approver.get(address).content.decode()
    assert "Only someone else can let marketing go on." in page
    assert not SendingFreeze.objects.exists(), "looking changes nothing"
    approver.post(address, {"reason": "Wrong text."})
    for name in ("admin:index", "admin:messaging_campaign_changelist", "handsets:list"):
        assert "All marketing is frozen since" in viewer.get(reverse(name)).content.decode()


def test_what_was_typed_stays_when_the_reason_is_missing():
    page = client_of("approver", "Approver").post(
        reverse("admin:messaging_sendingfreeze_freeze"), {"reason": ""}
    )
    assert "Say why." in page.content.decode()
    assert not SendingFreeze.objects.exists()


def test_the_page_says_why_the_same_person_may_not_release_it():
    approver, other = client_of("approver", "Approver"), client_of("other", "Approver")
    freeze_sending(actor=cast.approver(), reason="Wrong text.", at=AT)
    address = reverse("admin:messaging_sendingfreeze_release")
    assert "Someone else has to decide this" in approver.get(address).content.decode()
    approver.post(address)
    assert is_frozen()
    assert "Wrong text." in other.get(address).content.decode()
    other.post(address)
    assert not is_frozen()
