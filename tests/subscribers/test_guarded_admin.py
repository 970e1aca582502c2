from __future__ import annotations

import pytest
from django.test import Client

from governance.models import StaffUser
from subscribers.models import Segment

pytestmark = pytest.mark.django_db

LIST = "/admin/subscribers/segment/"


class NothingIsDeleted:
    """A veto, as the setting STAFF_VETOES names them."""

    sentence = "Nothing is deleted today."

    def refuses(self, *, action, **asked):
        return ".delete_" in action


@pytest.fixture
def segment():
    return Segment.objects.create(name="North", rule={"all": []})


@pytest.fixture
def root():
    client = Client()
    client.force_login(StaffUser.objects.create(username="root", is_superuser=True, is_staff=True))
    return client


def delete_one(client, segment):
    return client.post(f"{LIST}{segment.pk}/delete/", {"post": "yes"})


def delete_chosen(client, segment):
    chosen = {"action": "delete_selected", "_selected_action": [segment.pk], "post": "yes"}
    return client.post(LIST, chosen)


@pytest.mark.parametrize("delete", [delete_one, delete_chosen])
def test_a_veto_binds_a_superuser_who_deletes(root, segment, delete, settings):
    settings.STAFF_VETOES = [f"{__name__}.NothingIsDeleted"]
    assert delete(root, segment).status_code == 403
    assert Segment.objects.filter(pk=segment.pk).exists()


@pytest.mark.parametrize("delete", [delete_one, delete_chosen])
def test_without_one_the_segment_goes(root, segment, delete):
    assert delete(root, segment).status_code == 302
    assert not Segment.objects.exists()
