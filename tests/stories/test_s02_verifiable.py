"""S2: who, when, where, which exact words, which boxes, how confirmed; provable and printable."""

from __future__ import annotations

import io
import json
import zipfile

from django.utils import timezone

from consent.ledger import evidence
from consent.models import EventKind
from messaging.operations.evidence import export_evidence
from tests import cast
from tests.stories.conftest import wait_until


def proof_of(person, kind: EventKind) -> dict[str, object]:
    return evidence(person.events.get(kind=kind))


def test_a_yes_is_on_record_with_all_that_proves_it(town):
    alice = town.join(cast.ALICE, "news")
    asked, said = proof_of(alice, EventKind.REQUESTED), proof_of(alice, EventKind.CONFIRMED)
    assert asked["page_address"] == f"{town.site}/signup/news/"
    assert asked["boxes"] == {"news": True, "offers": False}
    assert "Words about sender." in str(asked["shown_text"])
    assert asked["age_asserted"] == "16 or older"
    assert asked["confirmation_text"] == town.phone(cast.ALICE).gets("reply YES")
    assert (said["reply"], said["provider"], said["method"]) == (
        "YES", "simulator", "reply by text",
    )  # fmt: skip
    assert said["provider_message_id"]
    assert said["received_at"]
    assert said["request"] == str(alice.events.get(kind=EventKind.REQUESTED).pk)


def test_it_is_sealed_within_seconds_and_nothing_of_the_number_is_in_the_seal(town):
    alice = town.join(cast.ALICE)

    def proven() -> list[str]:
        lines = _bundle(alice)["proof.jsonl"].splitlines()
        return lines if json.loads(lines[0])["events"] == alice.events.count() else []

    lines = wait_until(proven, "a signature over both events")
    assert [json.loads(json.loads(line)["header"])["kind"] for line in lines[-2:]] == [
        EventKind.REQUESTED, EventKind.CONFIRMED,
    ]  # fmt: skip
    assert cast.ALICE[-7:] not in "".join(lines)


def test_the_story_of_one_number_is_one_page_to_print(town):
    alice = town.join(cast.ALICE)
    campaign = town.run(cast.draft("Open late on Friday."))
    town.phone(cast.ALICE).gets("Friday")
    town.phone(cast.ALICE).replies("STOP")
    town.phone(cast.ALICE).gets("no more texts")
    story = _bundle(alice)["story.html"]
    consent = alice.events.get(kind=EventKind.CONFIRMED).pk
    for words in (cast.ALICE, "Open late on Friday", str(consent), campaign.name, "STOP"):
        assert words in story
    assert "Relied on" in story


def _bundle(person) -> dict[str, str]:
    packed = export_evidence(
        actor=cast.staff("privacy", "Privacy officer"),
        subscriber=person,
        reason="An authority asked",
        at=timezone.now(),
    )
    with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}
