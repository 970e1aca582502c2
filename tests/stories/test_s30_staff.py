"""S30: masked numbers, reasoned and recorded looking, four eyes on sending."""

from __future__ import annotations

import pytest
from django.utils import timezone

from governance.models import StaffUser
from messaging.models import CampaignStatus
from messaging.operations.campaigns import (
    UnableToMove,
    approve_campaign,
    start_campaign,
    submit_campaign,
)
from subscribers.authorization import NotAuthorized
from subscribers.models import AccessAction, AccessRecord
from tests import cast
from tests.stories.visitor import Visitor


def sign_in(town, name: str) -> Visitor:
    visitor = town.visitor()
    page = visitor.get("/admin/login/")
    visitor.send(page, page.form("password"), username=name, password="only-for-tests")
    return visitor


def test_staff_see_masked_numbers_only_and_looking_is_recorded(town):
    cast.staff("privacy", "Privacy officer")
    alice = town.join(cast.ALICE)
    visitor = sign_in(town, "privacy")
    people = visitor.get("/admin/subscribers/subscriber/")
    assert "+44 •" in people.html
    page = visitor.get("/admin/subscribers/subscriber/find/")
    page = visitor.send(page, page.form("number"), number=cast.ALICE, reason="asked")
    assert page.status == 200
    assert cast.ALICE not in page.address
    for seen in (people, page):
        assert "7700900001" not in seen.html.replace(" ", "")
    actions = set(AccessRecord.objects.values_list("action", flat=True))
    assert AccessAction.SEARCHED in actions
    assert {record.subscriber_id for record in AccessRecord.objects.all()} == {alice.pk}


@pytest.mark.django_db
def test_nobody_approves_their_own_work_not_even_a_superuser():
    cast.alice()
    campaign = cast.draft()
    root = StaffUser.objects.create(username="root", is_superuser=True, is_staff=True)
    campaign.created_by = root
    campaign.save()
    submit_campaign(actor=root, campaign=campaign, at=timezone.now())
    with pytest.raises(NotAuthorized, match="their own work"):
        approve_campaign(actor=root, campaign=campaign, at=timezone.now())
    approve_campaign(actor=cast.approver(), campaign=campaign, at=timezone.now())
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.APPROVED


@pytest.mark.django_db
def test_nothing_starts_without_a_second_persons_approval():
    cast.alice()
    campaign = cast.draft()
    submit_campaign(actor=cast.author(), campaign=campaign, at=timezone.now())
    with pytest.raises(UnableToMove):
        start_campaign(actor=cast.approver(), campaign=campaign, at=timezone.now())
    with pytest.raises(NotAuthorized):
        approve_campaign(actor=cast.staff("viewer", "Viewer"), campaign=campaign, at=timezone.now())
