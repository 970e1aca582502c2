from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import PolicyOverride
from governance.roles import PRIVACY_OFFICER, VIEWER
from tests import cast

pytestmark = pytest.mark.django_db

ADD = "admin:consent_policyoverride_add"
LOOSE = {
    "jurisdiction": "de",
    "kind": "child_age",
    "applies_to": "marketing",
    "value": "{ age = 14 }",
    "reason": "Our counsel's opinion of 2026-10-01.",
}


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(cast.staff("officer", PRIVACY_OFFICER))
    return client


def post(client: Client, **changed: str) -> str:
    return client.post(reverse(ADD), {**LOOSE, **changed}, follow=True).content.decode()


def test_loosening_has_to_be_meant(officer: Client) -> None:
    page = post(officer)
    assert "This loosens the shipped rule, which says: 16 years." in page
    assert not PolicyOverride.objects.exists()
    post(officer, is_meant="on")
    override = PolicyOverride.objects.get()
    assert (override.jurisdiction, override.value) == ("DE", {"age": 14})
    assert override.made_by.username == "officer"


def test_tightening_needs_no_second_look(officer: Client) -> None:
    post(officer, value="{ age = 18 }")
    assert PolicyOverride.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": " "}, "This field is required."),
        ({"value": "{ age = }"}, "This cannot be read"),
        ({"value": "{ age = 99 }"}, "must be from 0 to 25"),
        ({"jurisdiction": "UK"}, "UK is no code"),
        ({"kind": "quiet_hours"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_stands_in_the_form(
    officer: Client, changed: dict[str, str], said: str
) -> None:
    assert said in post(officer, is_meant="on", **changed)
    assert not PolicyOverride.objects.exists()


def test_a_second_one_for_the_same_rule_is_refused_in_the_form(officer: Client) -> None:
    post(officer, is_meant="on")
    page = post(officer, value="{ age = 12 }", is_meant="on")
    assert "This rule is overridden already" in page
    assert PolicyOverride.objects.count() == 1


def test_the_pages_say_what_was_shipped_and_what_counts(officer: Client) -> None:
    post(officer, is_meant="on")
    listed = officer.get(reverse("admin:consent_policyoverride_changelist")).content.decode()
    assert "loosens the shipped rule" in listed
    page = officer.get(one_page(PolicyOverride.objects.get())).content.decode()
    assert "16 years" in page
    assert "14 years" in page
    assert "Let the shipped rule count again" in page


def one_page(override: PolicyOverride) -> str:
    return reverse("admin:consent_policyoverride_change", args=[override.pk])


def test_the_shipped_rule_counts_again_at_a_button(officer: Client) -> None:
    post(officer, is_meant="on")
    override = PolicyOverride.objects.get()
    officer.post(reverse("admin:consent_policyoverride_end", args=[override.pk]))
    override.refresh_from_db()
    assert override.ended_by is not None
    assert "Let the shipped rule" not in officer.get(one_page(override)).content.decode()


def test_a_viewer_sees_the_rules_and_changes_none(client: Client) -> None:
    client.force_login(cast.staff("viewer", VIEWER))
    page = client.get(reverse("admin:consent_policyoverride_pack", args=["FR"])).content.decode()
    assert "08:00-21:30" in page
    assert "af2m" in page
    assert "?jurisdiction=" not in page
    assert client.get(reverse(ADD)).status_code == 403
    assert client.post(reverse(ADD), {**LOOSE, "is_meant": "on"}).status_code == 403


def test_every_pack_has_its_page(officer: Client) -> None:
    page = officer.get(reverse("admin:consent_policyoverride_packs")).content.decode()
    assert "Viet Nam" in page
    one = officer.get(reverse("admin:consent_policyoverride_pack", args=["FR"])).content.decode()
    assert "?jurisdiction=FR&amp;kind=frequency_cap&amp;applies_to=marketing" in one
    missing = officer.get(reverse("admin:consent_policyoverride_pack", args=["ZW"]))
    assert missing.status_code == 404


def test_whoever_may_not_look_does_not(client: Client) -> None:
    client.force_login(cast.staff("nobody"))
    assert client.get(reverse("admin:consent_policyoverride_packs")).status_code == 403
