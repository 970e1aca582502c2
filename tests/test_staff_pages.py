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
