from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from messaging.models import Campaign, CampaignStatus
from messaging.operations.audience import cut_audience
from tests import cast

pytestmark = pytest.mark.django_db
AT = cast.NOON + cast.DAY


@pytest.fixture
def campaign() -> Campaign:
    """Alice and dora wait for its text, frank said stop."""
    for person in (cast.alice, cast.dora, cast.frank):
        person()
    started = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=started.pk, at=AT)
    return started


def say(*arguments: str) -> tuple[str, int]:
    said = StringIO()
    try:
        call_command("check_accounts", *arguments, stdout=said)
    except SystemExit as end:
        return said.getvalue(), int(end.code or 0)
    return said.getvalue(), 0


def test_the_command_prints_a_line_for_each_campaign(campaign: Campaign):
    line = f"campaign {campaign.pk} (running): 3 people = 2 queued + 1 withheld; adds up\n"
    assert say() == (line, 0)
    assert say("--campaign", str(campaign.pk)) == (line, 0)


def test_the_command_names_messages_and_no_number(campaign: Campaign):
    Campaign.objects.update(status=CampaignStatus.FINISHED)
    said, status = say()
    first, second = sorted(campaign.messages.filter(state="queued").values_list("pk", flat=True))
    assert status == 1
    assert "DOES NOT ADD UP: 2 still waiting or leaving" in said
    assert f"(messages {first}, {second})" in said
    assert "7700900" not in said


def test_the_command_speaks_to_scripts(campaign: Campaign):
    said = json.loads(say("--json")[0])
    assert said["by_state"] == {"queued": 2, "withheld": 1}
    assert (said["campaign"], said["adds_up"], said["problems"]) == (campaign.pk, True, [])


def test_the_command_tells_a_wrong_question_from_a_wrong_account():
    with pytest.raises(CommandError) as refusal:
        call_command("check_accounts", "--campaign", "999")
    assert refusal.value.returncode == 2
