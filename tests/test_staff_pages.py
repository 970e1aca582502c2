"""Every staff page leads on: up its trail of names, and to every other by the menu."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from governance.models import StaffUser
from tests import cast

pytestmark = pytest.mark.django_db
PARTS = sorted({model._meta.app_label for model in admin.site._registry})


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(StaffUser.objects.create(username="root", is_staff=True, is_superuser=True))
    return client


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return html.unescape(response.content.decode())


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_menu_has_a_page(root: Client, part: str) -> None:
    page = read(root, reverse("admin:app_list", args=[part]))
    for model in admin.site._registry:
        if model._meta.app_label == part:
            assert reverse(f"admin:{part}_{model._meta.model_name}_changelist") in page


def trail(page: str) -> list[str]:
    [shown] = re.findall(r'<div class="breadcrumbs">(.*?)</div>', page, re.DOTALL)
    return re.findall(r'href="([^"]+)"', shown)


def test_the_trail_of_every_list_leads_somewhere(root: Client) -> None:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        page = read(root, reverse(name))
        assert trail(page)[0] == reverse("admin:index")
        for address in trail(page):
            read(root, address)


def test_the_trail_of_a_row_leads_back_to_its_list(root: Client) -> None:
    purpose = cast.news()
    page = read(root, reverse("admin:consent_purpose_change", args=[purpose.pk]))
    assert trail(page)[-1] == reverse("admin:consent_purpose_changelist")
    assert ">Today</a>" in page
    assert ">Home</a>" not in page


def test_the_menu_needs_no_script(root: Client) -> None:
    page = read(root, reverse("admin:index"))
    [menu] = re.findall(r'<details class="menu">(.*?)</details>', page, re.DOTALL)
    assert reverse("admin:messaging_campaign_changelist") in menu
    assert reverse("admin:consent_hold_changelist") in menu


def test_what_is_not_there_leads_staff_back_to_their_own_pages(root: Client) -> None:
    page = root.get("/admin/there-is-nothing-here/")
    assert page.status_code == 404
    assert f'href="{reverse("admin:index")}"' in page.content.decode()
    assert f'href="{reverse("admin:index")}"' not in root.get("/nothing/").content.decode()


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_a_filter_with_a_null_character_is_refused(root: Client, model: type) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    lookups = admin.site._registry[model].answered_lookups(None)
    for lookup in lookups:
        assert root.get(reverse(name), {lookup: "\0"}).status_code == 400, lookup


def test_nothing_is_shown_of_how_a_password_is_kept(root: Client) -> None:
    boss = StaffUser.objects.get(username="root")
    boss.set_password("only for tests")
    boss.save()
    root.force_login(boss)
    page = read(root, reverse("admin:governance_staffuser_change", args=[boss.pk]))
    assert "Set a new password" in page
    assert "md5" not in page
    assert "salt" not in page
    assert root.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 200


def test_every_cell_of_a_list_names_its_column(root: Client) -> None:
    cast.alice()
    page = read(root, reverse("admin:subscribers_subscriber_changelist"))
    assert 'data-label="Country" class="field-country"' in page
