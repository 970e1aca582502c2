"""What a carrier takes from one sender in one of its days.

Kept in the database and counted in the transaction that permits: a flushed cache must not let a
day's texts leave twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime

from django.db.models import F

from messaging.models import DailyUse, Message, MessageState, Sender


def daily_room(sender: Sender, at: datetime) -> int | None:
    """Parts left in the carrier's day, at a glance; None where there is no limit."""
    if sender.parts_per_day is None:
        return None
    used = DailyUse.objects.filter(sender=sender, date=sender.day_of(at)).values_list("parts")
    return max(0, sender.parts_per_day - (used[0][0] if used else 0))


def lock_daily_room(sender: Sender, at: datetime) -> int | None:
    """The same, for good until the transaction ends."""
    if sender.parts_per_day is None:
        return None
    day = sender.day_of(at)
    DailyUse.objects.bulk_create([DailyUse(sender=sender, date=day)], ignore_conflicts=True)
    used = DailyUse.objects.select_for_update().get(sender=sender, date=day)
    return max(0, sender.parts_per_day - used.parts)


def note_daily_use(sender: Sender, parts: int, at: datetime) -> None:
    """So many parts of it leave. Under the lock of `lock_daily_room`."""
    if sender.parts_per_day is not None and parts:
        today = DailyUse.objects.filter(sender=sender, date=sender.day_of(at))
        today.update(parts=F("parts") + parts)


def give_back(*, message_ids: Collection[int]) -> None:
    """These were put back, after they had been permitted: they did not leave on that day."""
    if not message_ids:
        return
    unused: Counter[tuple[int, date]] = Counter()
    put_back = Message.objects.filter(
        pk__in=message_ids, state=MessageState.SUBMITTING, sender__parts_per_day__isnull=False
    )
    for message in put_back.select_related("sender"):
        day = message.sender.day_of(message.permitted_at or message.queued_at)
        unused[message.sender_id, day] += message.parts
    for (sender_id, day), parts in sorted(unused.items()):
        DailyUse.objects.filter(sender=sender_id, date=day).update(parts=F("parts") - parts)
