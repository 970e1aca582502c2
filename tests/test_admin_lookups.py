"""No list of rows answers a question that its own filters do not ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from governance.models import StaffUser
from tests import cast

pytestmark = pytest.mark.django_db
ENDINGS = ("", "__startswith", "__gt", "__regex", "__isnull", "__in")


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(StaffUser.objects.create(username="root", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_fields_cannot_be_asked_about(root: Client, model: type[models.Model]) -> None:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    own = admin.site._registry[model].answered_lookups(None)  # type: ignore[attr-defined]
    for field in model._meta.concrete_fields:
        for lookup in {field.name + ending for ending in ENDINGS} - own:
            assert root.get(address, {lookup: "+"}).status_code == 400, lookup


def test_what_is_answered_is_only_what_the_filters_need() -> None:
    allowed = {
        model.__name__: admin.site._registry[model].answered_lookups(None)  # type: ignore[attr-defined]
        for model in admin.site._registry
    }
    assert allowed["Subscriber"] == {"country", "language", "list"}
    for model, lookups in allowed.items():
        assert not any("digest" in lookup or "cipher" in lookup for lookup in lookups), model


@pytest.mark.parametrize(
    "lookup", ["attributes__genre", "subject_key__wrapped_key__gt", "_connector"]
)
def test_relations_and_json_cannot_be_asked_about(root: Client, lookup: str) -> None:
    cast.alice()
    response = root.get(reverse("admin:subscribers_subscriber_changelist"), {lookup: "x"})
    assert response.status_code == 400


def test_every_list_opens_and_none_searches_by_parts_of_a_number(root: Client) -> None:
    for model, pages in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert root.get(reverse(name)).status_code == 200
        assert pages.search_fields == ()


def test_nothing_is_deleted_but_segments(root: Client, rf: Any) -> None:
    request = rf.get("/")
    request.user = StaffUser.objects.get(username="root")
    deletable = [
        m.__name__ for m, p in admin.site._registry.items() if p.has_delete_permission(request)
    ]
    assert deletable == ["Segment"]
