"""What is brought before the judge: the carrier's log, our own rows, and who said no when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db.models import QuerySet

from messaging.models import Campaign, Message
from tests.chaos import judge
from tests.chaos.judge import Verdict
from tests.chaos.storm import Storm
from tests.chaos.waves import BURST, PARTS_PER_SECOND


def verdict_on(storm: Storm, *, deadlocks: int) -> Verdict:
    """All waves so far."""
    campaigns = [campaign for wave in storm.waves for campaign in wave.campaigns]
    purposes = {judge.note_of(c.name): c.purpose.code for c in campaigns}
    texts = [judge.taken(entry, purposes) for entry in storm.town.carrier.log()]
    rows = [
        judge.Row(row.reference, judge.note_of(row.campaign.name), row.state)
        for row in _rows_of(campaigns).select_related("campaign")
    ]
    verdict = Verdict()
    judge.nothing_twice(verdict, texts)
    judge.nobody_lost(verdict, rows, _audiences(storm))
    judge.rows_tell_the_truth(verdict, texts, rows)
    judge.nobody_unasked(verdict, texts, {n for wave in storm.waves for n in wave.others})
    judge.silence_after_no(verdict, texts, storm.noes)
    judge.caps_kept(verdict, texts)
    losses = storm.weather.cache_losses if storm.weather else []
    judge.rate_kept(verdict, texts, rate=PARTS_PER_SECOND, burst=BURST, cache_losses=losses)
    judge.no_deadlock(verdict, deadlocks)
    everyone = [number for wave in storm.waves for number in wave.everyone]
    judge.no_number_in_logs(verdict, storm.workers.ends_of_logs(10**9), everyone)
    return verdict


def figures_of(storm: Storm) -> list[str]:
    """What is worth knowing and nobody promised."""
    campaigns = [campaign for wave in storm.waves for campaign in wave.campaigns]
    states = Counter(_rows_of(campaigns).values_list("state", flat=True))
    took = sorted(storm.town.took_to_acknowledge())
    middle, most = (took[len(took) // 2], took[-1]) if took else (0.0, 0.0)
    return [
        "rows: " + ", ".join(f"{n} {state}" for state, n in sorted(states.items())),
        f"STOP acknowledged after {middle:.2f} s in the middle, {most:.2f} s at the most",
    ]


def _audiences(storm: Storm) -> dict[str, int]:
    return {
        judge.note_of(campaign.name): len(wave.everyone)
        for wave in storm.waves
        for campaign in wave.campaigns
    }


def _rows_of(campaigns: Collection[Campaign]) -> QuerySet[Message]:
    return Message.objects.filter(campaign__in=campaigns)
