from __future__ import annotations

from datetime import UTC, datetime

import pytest

from messaging.lanes.turn import Lane, begin_turn
from messaging.lanes.wire import wire
from messaging.models import DailyUse, Message, MessageState, RateLimit, Sender
from messaging.operations.audience import cut_audience
from tests import cast
from tests.turns import take_turn

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 3, 15, tzinfo=UTC)
# Seven in the morning in Los Angeles, so that day goes on for 17 hours.
NEXT_DAY = datetime(2026, 11, 4, 8, tzinfo=UTC)


@pytest.fixture
def sender(carrier) -> Sender:
    cast.any_hour()
    for number in range(5):
        cast.confirmed(f"+4477009002{number:02d}")
    campaign = cast.started(cast.draft(), AT)
    Sender.objects.update(parts_per_day=2, day_time_zone="America/Los_Angeles")
    cut_audience(campaign_id=campaign.pk, at=AT)
    return Sender.objects.get()


def test_no_more_parts_leave_in_the_carriers_day_than_it_takes(sender):
    assert take_turn(sender, marketing=True, at=AT).left == 2
    assert take_turn(sender, marketing=True, at=AT + 8 * cast.HOUR).left == 0
    assert take_turn(sender, marketing=True, at=NEXT_DAY).left == 2
    assert list(DailyUse.objects.values_list("parts", flat=True)) == [2, 2]


def test_a_lane_whose_day_is_over_waits_for_the_next(sender):
    take_turn(sender, marketing=True, at=AT)
    turn = begin_turn(Lane(sender.pk, marketing=True), wire(), at=AT)
    assert turn.wait == (NEXT_DAY - AT).total_seconds()


def test_a_text_that_did_not_leave_does_not_count(sender, carrier):
    carrier.switch(failure="throttle")
    assert take_turn(sender, marketing=True, at=AT).left == 2
    assert DailyUse.objects.get().parts == 0


def test_a_full_country_waits_and_the_others_leave(carrier):
    RateLimit.objects.create(provider="simulator", country="GB", parts_per_second="0.01")
    sender = cast.sender()
    Sender.objects.update(registered_countries=["FR"])
    for number in ("+447700900201", "+447700900202", "+33612345678"):
        cast.confirmed(number)
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(sender, marketing=True, at=AT)
    numbers = sorted(entry["number"][:3] for entry in carrier.log())
    assert numbers == ["+33", "+44"]
    assert Message.objects.filter(campaign=campaign, state=MessageState.QUEUED).count() == 1
