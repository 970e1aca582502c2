from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from messaging.models import Campaign
from subscribers.admin.drafts import WrittenRule, draft_from_post, draft_from_rule, press
from subscribers.models import Segment
from tests import cast

pytestmark = pytest.mark.django_db

RULE = {"all": [
    {"criterion": "language", "operator": "is_any_of", "value": ["en", "fr"]},
    {"not": {"any": [{"criterion": "country", "operator": "is_any_of", "value": ["US"]}]}},
]}  # fmt: skip
POSTED = {
    "name": "English readers",
    "node": ["0", "0.0", "0.1", "0.1.0"],
    "0-kind": "all",
    "0.0-criterion": "language",
    "0.0-operator": "is_any_of",
    "0.0-value": ["en", "fr"],
    "0.1-kind": "none",
    "0.1.0-criterion": "country",
    "0.1.0-operator": "is_any_of",
    "0.1.0-value": ["US"],
}
NEW = "admin:subscribers_segment_add"


@pytest.fixture
def author(client: Client) -> Client:
    client.force_login(cast.author())
    return client


def test_what_was_typed_becomes_the_rule(author: Client) -> None:
    response = author.post(reverse(NEW), {**POSTED, "save": "1"})
    segment = Segment.objects.get()
    assert segment.rule == RULE
    assert segment.created_by == cast.author()
    assert response["Location"] == reverse("admin:subscribers_segment_change", args=[segment.pk])


def test_countries_have_names_and_those_in_use_or_chosen_stand_first(author: Client) -> None:
    cast.alice()
    page = author.post(reverse(NEW), {**POSTED, "press": "update"})
    [group] = [node for node in page.context["root"].children if node.draft.is_group]
    shown = group.children[0].inputs
    assert shown.choices == [("GB", "United Kingdom (GB)"), ("US", "United States (US)")]
    assert ("FR", "France (FR)") in shown.further
    assert "<select multiple" not in page.content.decode()


def test_a_stored_rule_comes_back_as_it_was() -> None:
    assert WrittenRule(draft_from_rule(RULE)).rule == RULE


def test_a_single_condition_can_be_edited_too() -> None:
    leaf = RULE["all"][0]
    assert WrittenRule(draft_from_rule(leaf)).rule == {"all": [leaf]}


@pytest.mark.parametrize(
    ("button", "conditions"),
    [("add-condition:0.1", 3), ("add-group:0", 3), ("remove:0.0", 1), ("remove:0.1", 1), ("", 2)],
)
def test_buttons_change_the_form_and_keep_what_was_typed(
    author: Client, button: str, conditions: int
) -> None:
    page = author.post(reverse(NEW), {**POSTED, "press": button}).content.decode()
    assert page.count('class="condition"') == conditions
    assert 'value="English readers"' in page
    assert not Segment.objects.exists()


def test_another_criterion_gets_its_own_comparisons(author: Client) -> None:
    cast.everyone()
    changed = {**POSTED, "0.0-criterion": "list", "press": "update:0.0"}
    page = author.post(reverse(NEW), changed).content.decode()
    assert "is not on" in page
    assert "Readers" in page


def test_the_error_stands_at_the_condition_that_is_wrong(author: Client) -> None:
    wrong = {**POSTED, "0.1.0-value": ["Atlantis"], "save": "1"}
    page = author.post(reverse(NEW), wrong).content.decode()
    [before, after] = page.split('class="condition wrong" id="node-0.1.0"')
    assert "Choose one of the answers offered." in after
    assert "Choose one of the answers offered." not in before
    assert not Segment.objects.exists()


def test_an_empty_group_says_so(author: Client) -> None:
    wrong = {"name": "x", "node": ["0"], "0-kind": "any", "save": "1"}
    assert "This group is empty" in author.post(reverse(NEW), wrong).content.decode()


def test_the_count_is_shown_with_every_page(author: Client) -> None:
    cast.alice()
    cast.bob()
    page = author.post(reverse(NEW), {**POSTED, "press": "update"}).content.decode()
    assert "2 of 2 people match." in page
    assert "1 of them agreed to be texted for “Opening hours and events”." in page


def test_the_count_alone_can_be_asked_for(author: Client) -> None:
    response = author.post(reverse("admin:subscribers_segment_count"), POSTED)
    assert response["Content-Type"].startswith("text/plain")
    assert "0 of 0 people match." in response.content.decode()
    assert author.get(reverse("admin:subscribers_segment_count")).status_code == 405


def test_a_viewer_looks_but_changes_nothing(client: Client) -> None:
    client.force_login(cast.staff("viewer", "Viewer"))
    segment = Segment.objects.create(name="Old", rule=RULE)
    address = reverse("admin:subscribers_segment_change", args=[segment.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {**POSTED, "save": "1"}).status_code == 403
    assert client.get(reverse(NEW)).status_code == 403


@pytest.mark.parametrize("nodes", [[], ["0.0"], ["0", "0.x"], ["0", "0", "0.0.0"], ["1"]])
def test_a_malformed_post_is_an_ordinary_form(nodes: list[str]) -> None:
    data = QueryDict(mutable=True)
    data.setlist("node", nodes)
    draft = press(draft_from_post(data), "remove:everything")
    assert draft.is_group


def test_a_segment_in_use_is_not_deleted_and_its_campaigns_are_named(author: Client) -> None:
    author.post(reverse(NEW), {**POSTED, "save": "1"})
    segment = Segment.objects.get()
    Campaign.objects.filter(pk=cast.draft().pk).update(segment=segment, name="Late Friday")
    address = reverse("admin:subscribers_segment_delete", args=[segment.pk])
    page = author.post(address, {"post": "yes"}, follow=True).content.decode()
    assert "It is used by “Late Friday”." in page
    assert Segment.objects.filter(pk=segment.pk).exists()
