from __future__ import annotations

from tests.chaos.freezing import freeze_through_a_stop
from tests.chaos.trial import verdict_on
from tests.chaos.waves import release, wave


def test_it_dies_as_it_wakes_and_nothing_leaves_after_the_stop(storm):
    made = storm(seed=1)
    about = wave(0, size=3)
    made.waves.append(about)
    made.workers.complete()
    made.workers.are_ready()
    release(about)
    thawed = freeze_through_a_stop(made, about)
    made.calm(about)
    assert thawed.died
    assert thawed.reference not in [entry["reference"] for entry in made.town.carrier.log()]
    assert verdict_on(made, deadlocks=0).breaches == []
