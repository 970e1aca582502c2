"""The carrier's own list, asked by reference."""

from __future__ import annotations

from pathlib import Path

from messaging.carrier.taken import Taken
from tests.carrier import Listener, RunningCarrier, running_carrier


def ask(carrier: RunningCarrier, reference: str, **more: str) -> tuple[int, dict[str, object]]:
    return carrier.call("GET", f"/messages?reference={reference}", **more)


def test_it_asks_who_is_asking(carrier: RunningCarrier):
    assert ask(carrier, "r1", secret="wrong")[0] == 401


def test_a_reference_is_wanted_and_not_too_long(carrier: RunningCarrier):
    assert ask(carrier, "") == (422, {"error": "bad_reference"})
    assert ask(carrier, "x" * 81) == (422, {"error": "bad_reference"})
    assert carrier.call("GET", "/messages")[0] == 422


def test_a_text_whose_answer_was_lost_is_on_the_list(carrier: RunningCarrier):
    carrier.switch(failure="server_error_after_accepting")
    assert carrier.submit("+447700900112", reference="lost")[0] == 500
    assert ask(carrier, "lost") == (200, {"status": "accepted", "id": carrier.log()[0]["id"]})


def test_a_text_that_was_refused_is_not(carrier: RunningCarrier):
    carrier.switch(failure="reject")
    assert carrier.submit("+447700900112", reference="refused")[0] == 422
    assert ask(carrier, "refused") == (200, {"status": "unknown"})


def test_it_remembers_across_a_restart(tmp_path: Path, listener: Listener):
    with running_carrier(tmp_path, listener.url) as carrier:
        _, said = carrier.submit("+447700900112", reference="kept")
    with running_carrier(tmp_path, listener.url) as carrier:
        assert ask(carrier, "kept") == (200, {"status": "accepted", "id": said["id"]})


def test_what_was_forgotten_is_not_denied():
    taken = Taken(most=2)
    for number in range(2):
        taken.note(f"r{number}", f"c{number}")
    assert (taken.id_of("r0"), taken.has_forgotten) == ("c0", False)
    taken.note("r2", "c2")
    taken.note("", "c3")
    assert (taken.id_of("r0"), taken.id_of("r2"), taken.has_forgotten) == ("", "c2", True)
