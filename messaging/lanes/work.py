"""Which lanes have work, and how long a worker stays with one."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.utils import timezone

from messaging.lanes.lease import lease
from messaging.lanes.turn import take_turn
from messaging.limiter import LimiterUnavailable
from messaging.models import CampaignStatus, Message, MessageState, Sender

log = logging.getLogger(__name__)
# Pause and freeze are looked at in every turn, shutdown between tasks.
STAYS_SECONDS = 5.0
NOTHING_STARTED_SECONDS = 0.05


def lanes_with_work(*, marketing: bool, at: datetime) -> list[int]:
    """Ids of the active senders for which a text is due."""
    due = Message.objects.filter(state=MessageState.QUEUED, send_after__lte=at)
    if marketing:
        due = due.filter(campaign__status=CampaignStatus.RUNNING)
        due = due.exclude(campaign__canary_left_at__isnull=False, campaign__canary_passed_at=None)
    else:
        due = due.filter(campaign=None)
    active = Sender.objects.filter(is_active=True)
    return list(
        active.filter(pk__in=due.order_by().values("sender").distinct()).values_list(
            "pk", flat=True
        )
    )


def work_lanes(*, marketing: bool) -> None:
    """One turn for each lane with work, round and round, until nothing is due or time is up.

    A lane that fails does not silence the others.
    """
    until = time.monotonic() + STAYS_SECONDS
    while time.monotonic() < until:
        lanes = lanes_with_work(marketing=marketing, at=timezone.now())
        moved = [_turn_of(sender_id, marketing) for sender_id in lanes]
        if not lanes:
            break
        if not any(moved):
            time.sleep(NOTHING_STARTED_SECONDS)


def _turn_of(sender_id: int, marketing: bool) -> bool:
    """True when the lane handed something over."""
    try:
        return work_lane(sender_id, marketing=marketing) > 0
    except LimiterUnavailable:
        # Without a rate nothing leaves: Redis gone means that campaigns wait.
        return False
    except Exception:
        log.exception("lane %s: its turn failed", sender_id)
        return False


def work_lane(sender_id: int, *, marketing: bool) -> int:
    """One turn, unless another worker has the lane; returns texts handed over."""
    with lease(lane_name(sender_id, marketing=marketing)) as held:
        if not held:
            return 0
        sender = Sender.objects.get(pk=sender_id)
        return take_turn(sender, marketing=marketing, at=timezone.now()).left


def lane_name(sender_id: int, *, marketing: bool) -> str:
    return f"lane {sender_id} {'campaigns' if marketing else 'system'}"
