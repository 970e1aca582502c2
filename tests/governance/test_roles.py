from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.models import StaffUser
from governance.operations import install_roles
from governance.roles import APPROVER, EDITOR, PRIVACY_OFFICER, ROLES, VIEWER
from messaging.operations.campaigns import UnableToMove, approve_campaign, submit_campaign
from subscribers.authorization import NotAuthorized, authorize
from tests import cast

pytestmark = pytest.mark.django_db


def test_installing_twice_changes_nothing() -> None:
    call_command("install_roles", verbosity=0)
    install_roles()
    for name, rights in ROLES.items():
        held = Group.objects.get(name=name).permissions.select_related("content_type")
        assert {f"{p.content_type.app_label}.{p.codename}" for p in held} == rights


def test_installing_takes_back_what_was_added_by_hand() -> None:
    group = install_roles()[VIEWER]
    group.permissions.add(Permission.objects.get(codename="approve_campaign"))
    install_roles()
    assert not group.permissions.filter(codename="approve_campaign").exists()


def test_a_right_that_is_not_there_yet_is_named() -> None:
    Permission.objects.filter(codename="approve_campaign").delete()
    with pytest.raises(CommandError, match=r"run migrate first: messaging\.approve_campaign$"):
        call_command("install_roles", verbosity=0)
    assert not Group.objects.exists()


def test_no_role_can_both_write_and_approve_but_the_administrator() -> None:
    both = {"messaging.add_campaign", "messaging.approve_campaign"}
    assert [name for name, rights in ROLES.items() if both <= rights] == ["Administrator"]


@pytest.mark.parametrize("name", [VIEWER, EDITOR, PRIVACY_OFFICER])
def test_others_do_not_approve(name: str) -> None:
    with pytest.raises(NotAuthorized):
        authorize(actor=cast.staff("x", name), action="messaging.approve_campaign", at=cast.NOON)


def test_only_the_privacy_officer_and_the_administrator_see_who_looked() -> None:
    sees = [name for name, rights in ROLES.items() if "subscribers.view_accessrecord" in rights]
    assert sees == [PRIVACY_OFFICER, "Administrator"]


@pytest.mark.parametrize("is_superuser", [True, False])
def test_nobody_approves_their_own_work(is_superuser: bool) -> None:
    cast.alice()
    campaign = cast.draft()
    author = cast.author()
    author.groups.add(install_roles()[APPROVER])
    author.is_superuser = is_superuser
    author.save()
    author = StaffUser.objects.get(pk=author.pk)
    submit_campaign(actor=author, campaign=campaign, at=cast.NOON)
    with pytest.raises(NotAuthorized, match=r"Nobody approves their own work\."):
        approve_campaign(actor=author, campaign=campaign, at=cast.NOON)


def test_a_second_superuser_may_approve() -> None:
    cast.alice()
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    other = StaffUser.objects.create(username="root", is_superuser=True)
    approve_campaign(actor=other, campaign=campaign, at=cast.NOON)
    with pytest.raises(UnableToMove):
        approve_campaign(actor=other, campaign=campaign, at=cast.NOON)


def test_an_administrator_makes_no_superuser(client: Client) -> None:
    client.force_login(cast.staff("boss", "Administrator"))
    other = cast.staff("other", "Viewer")
    address = reverse("admin:governance_staffuser_change", args=[other.pk])
    client.post(
        address,
        {
            "username": "other", "is_active": "on", "is_staff": "on", "is_superuser": "on",
            "last_login_0": "", "last_login_1": "",
        },
    )  # fmt: skip
    other.refresh_from_db()
    assert not other.is_superuser


def test_an_administrator_cannot_touch_a_superuser_or_their_own_rights(client: Client) -> None:
    boss = cast.staff("boss", "Administrator")
    client.force_login(boss)
    root = StaffUser.objects.create(username="root", is_staff=True, is_superuser=True)
    for account in (root, boss):
        address = reverse("admin:governance_staffuser_change", args=[account.pk])
        assert client.post(address, {"username": "taken"}).status_code == 403
        password = reverse("admin:auth_user_password_change", args=[account.pk])
        assert client.get(password).status_code == 403
    assert timezone.is_aware(boss.date_joined)
