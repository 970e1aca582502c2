"""S15: rate-limited per sender, exactly, however many workers there are."""

from __future__ import annotations

from django.utils import timezone

from messaging.models import Message, Sender
from tests import cast

PEOPLE = [f"+4477009004{n:02d}" for n in range(50)]
RATE, BURST = 20, 5


def test_no_window_of_time_holds_more_texts_than_the_sender_may_send(town):
    for number in PEOPLE:
        cast.confirmed(number, at=timezone.now() - cast.DAY)
    Sender.objects.update(parts_per_second=RATE, burst=BURST)
    town.crew.hire_bulk()
    town.run(cast.draft())
    left = sorted(e["monotonic"] for e in town.carrier.log() if "Friday" in e["text"])
    assert len(left) == len(PEOPLE)
    # Starts are on time or late, and a late one only moves within its own turn.
    for first in range(len(left)):
        for last in range(first, len(left)):
            allowed = BURST + RATE * (left[last] - left[first] + 0.25)
            assert last - first + 1 <= allowed


def test_a_long_text_costs_its_parts(town):
    for number in PEOPLE[:10]:
        cast.confirmed(number, at=timezone.now() - cast.DAY)
    Sender.objects.update(parts_per_second=10, burst=1)
    town.run(cast.draft("Friday. " + "Long. " * 60))
    left = sorted(e["monotonic"] for e in town.carrier.log() if "Friday" in e["text"])
    parts = Message.objects.filter(campaign__isnull=False).first().parts
    assert parts == 3
    assert left[-1] - left[0] >= (len(left) - 1) * parts / 10 - 0.25
