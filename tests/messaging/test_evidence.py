from __future__ import annotations

import base64
import io
import json
import os
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from consent.circumstances import Circumstances
from consent.evidence_words import LABELS
from consent.ledger import evidence
from consent.models import ConsentEvent, LedgerCheckpoint, LedgerHandout
from consent.notes import Checkpoint
from consent.operations.sealing import seal
from consent.operations.withdrawal import withdraw_consent
from consent.sealing import origin, signing_key, verifier_keys
from messaging.evidence import story_of
from messaging.models import Message
from messaging.operations.evidence import UnableToExport, export_evidence
from subscribers.authorization import NotAuthorized
from subscribers.models import AccessAction, AccessRecord, Subscriber
from tests import cast
from tests.consent.mutations import EVIDENCE_MUTATIONS
from verifier.yeslist_verify import Broken, Pins, read_pins, report, verify_bundle

pytestmark = pytest.mark.django_db
VERIFIER = Path(__file__).resolve().parents[2] / "verifier" / "yeslist_verify.py"


def officer():
    return cast.staff("privacy", "Privacy officer")


def files_of(
    person: Subscriber, reason: str = "An authority asked", held_sizes: Sequence[int] = ()
) -> dict[str, str]:
    bundle = export_evidence(
        actor=officer(), subscriber=person, reason=reason, held_sizes=held_sizes, at=cast.NOON
    )
    with zipfile.ZipFile(io.BytesIO(bundle)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def verified(proof: str, folder: Path, *held: str) -> tuple[int, str]:
    file = folder / "proof.jsonl"
    file.write_text(proof)
    for number, note in enumerate(held):
        (folder / f"held-{number}").write_text(note)
    kept = [part for n in range(len(held)) for part in ("--held-checkpoint", folder / f"held-{n}")]
    keys = [argument for key in verifier_keys() for argument in ("--key", str(key))]
    command = [sys.executable, str(VERIFIER), str(file), "--origin", origin(), *keys, *kept]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def zip_of(person: Subscriber) -> bytes:
    return export_evidence(actor=officer(), subscriber=person, reason="x", at=cast.NOON)


def verified_zip(packed: bytes, folder: Path) -> tuple[int, str]:
    file = folder / "evidence.zip"
    file.write_bytes(packed)
    pins = read_pins(origin(), [str(key) for key in verifier_keys()], [])
    try:
        return 0, report(verify_bundle(file, pins))
    except Broken as problem:
        return 1, str(problem)


def repacked(packed: bytes, **changes: Callable[[str], str | None]) -> bytes:
    """The same zip with some of its files changed, or left out for None."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(packed)) as before,
        zipfile.ZipFile(target, "w") as after,
    ):
        for name in before.namelist():
            change = changes.get(name.partition(".")[0])
            text = before.read(name).decode()
            text = change(text) if change else text
            if text is not None:
                after.writestr(name, text)
    return target.getvalue()


def texted_alice() -> Subscriber:
    """One text of a campaign went to her; then she withdrew."""
    alice = cast.alice()
    campaign = cast.started(cast.draft(), cast.NOON + cast.HOUR)
    message = Message.objects.create(
        kind="marketing", campaign=campaign, subscriber=alice, sender=campaign.sender,
        purpose=campaign.purpose, consent_event=alice.consents.get().confirming_event,
        language="en", parts=1, send_after=cast.NOON, lapses_at=cast.NOON + cast.DAY,
        queued_at=cast.NOON + cast.HOUR, permitted_at=cast.NOON + cast.HOUR,
    )  # fmt: skip
    for message.state in ("submitting", "accepted"):
        message.save()
    withdraw_consent(
        subscriber=alice, purpose=cast.news(), circumstances=Circumstances(),
        at=cast.NOON + 2 * cast.HOUR,
    )  # fmt: skip
    seal(at=cast.NOON + cast.DAY)
    return alice


def test_the_whole_zip_holds(tmp_path: Path):
    status, said = verified_zip(zip_of(texted_alice()), tmp_path)
    assert status == 0, said
    assert "3 pieces of evidence in clear are those that were sealed." in said
    assert "1 of campaigns left on a yes that stood then" in said


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("evidence", lambda text: text.replace("YES", "NO!"), "not the evidence that was sealed"),
        ("evidence", lambda text: text.partition("\n")[2], "its evidence is not shown in clear"),
        ("evidence", lambda text: text + text, "out of order"),
        ("evidence", lambda text: text[:-1], "ends before it"),
        ("evidence", lambda _text: None, "evidence.jsonl: missing"),
        ("messages", lambda _text: None, "messages.jsonl: missing"),
        ("messages", lambda text: text.replace("T13:00", "T15:00"), "had been taken back"),
        ("messages", lambda text: text.replace("T13:00", "T12:00"), "came later"),
        ("messages", lambda text: re.sub('"purpose":"news"', '"purpose":"offers"', text), "no yes"),
        ("messages", lambda text: re.sub('"consent":"[^"]+"', '"consent":null', text), "without"),
        ("messages", lambda text: text + text, "out of order"),
        ("messages", lambda text: re.sub('"id":[0-9]+', '"id":1.0', text), "not JSON"),
        ("proof", lambda text: text.replace("confirmed", "requested", 1), "changed"),
    ],
)
def test_a_falsified_zip_is_noticed(tmp_path: Path, name, change, complaint):
    packed = zip_of(texted_alice())
    status, said = verified_zip(repacked(packed, **{name: change}), tmp_path)
    assert (status, complaint in said) == (1, True), said


def test_a_damaged_zip_is_noticed(tmp_path: Path):
    packed = bytearray(zip_of(texted_alice()))
    middle = packed.index(b"proof.jsonl") + 200
    packed[middle] ^= 0xFF
    assert verified_zip(bytes(packed), tmp_path)[0] == 1


def test_random_falsehoods_about_one_person_are_noticed(tmp_path: Path):
    seed = int(os.environ.get("SEED", random.randrange(10**9)))
    chance, proof = random.Random(seed), files_of(texted_alice())["proof.jsonl"].encode()
    file = tmp_path / "proof.jsonl"
    pins = read_pins(origin(), [str(key) for key in verifier_keys()], [])
    for number in range(300):
        mutation = EVIDENCE_MUTATIONS[number % len(EVIDENCE_MUTATIONS)]
        file.write_bytes(mutation(proof, chance))
        assert is_noticed(file, pins), f"SEED={seed}: {mutation.__name__}, try {number}"


def is_noticed(file: Path, pins: Pins) -> bool:
    try:
        verify_bundle(file, pins)
    except Broken:
        return True
    return False


def test_no_key_of_the_person_leaves_the_house():
    alice = texted_alice()
    key = base64.b64encode(alice.subject_key.key).decode()
    assert key not in "".join(files_of(alice).values())
    assert alice.subject_key.key.hex() not in "".join(files_of(alice).values())


def test_the_story_follows_the_log_whatever_the_clock_said():
    alice = cast.alice()
    withdraw_consent(
        subscriber=alice, purpose=cast.news(), circumstances=Circumstances(),
        at=cast.NOON - cast.DAY,
    )  # fmt: skip
    seal(at=cast.NOON + cast.DAY)
    places = [moment.place for moment in story_of(alice, at=cast.NOON).moments if moment.is_entry]
    assert places == [0, 1, 2]


def test_the_story_reads_no_more_for_a_longer_history(django_assert_max_num_queries):
    for number in range(4):
        person = cast.confirmed(cast.ALICE, at=cast.NOON + number * cast.DAY)
    with django_assert_max_num_queries(9):
        assert len(story_of(person, at=cast.NOON).moments) > 8


def test_everything_in_the_evidence_has_a_label():
    cast.carol(), cast.frank(), sealed_in_steps()
    for event in ConsentEvent.objects.all():
        assert set(evidence(event)) <= set(LABELS), event.kind


def sealed_carol() -> Subscriber:
    cast.alice()
    carol = cast.carol()
    cast.frank()
    seal(at=cast.NOON + cast.DAY)
    return carol


def test_the_story_has_the_words_the_reply_and_the_texts():
    carol = sealed_carol()
    story = files_of(carol)["story.html"]
    for words in (
        cast.CAROL,
        "An authority asked",
        "Words about stop.",
        "Yes, text me about opening hours and events",
        "https://texts.example/signup/news/",
        "<blockquote>YES</blockquote>",
        "reply YES to get texts",
        "withdrawn",
    ):
        assert words in story


def test_a_campaign_text_names_the_consent_it_relied_on():
    alice = cast.alice()
    seal(at=cast.NOON + cast.DAY)
    campaign = cast.started(cast.draft(), cast.NOON + cast.HOUR)
    consent = alice.consents.get()
    Message.objects.create(
        kind="marketing", campaign=campaign, subscriber=alice, sender=campaign.sender,
        purpose=campaign.purpose, consent_event=consent.confirming_event, language="en", parts=1,
        send_after=cast.NOON, lapses_at=cast.NOON + cast.DAY, queued_at=cast.NOON,
    )  # fmt: skip
    assert f"{consent.confirming_event_id} (entry 1)" in files_of(alice)["story.html"]


def test_the_proof_holds_and_any_change_breaks_it(tmp_path: Path):
    proof = files_of(sealed_carol())["proof.jsonl"]
    status, said = verified(proof, tmp_path)
    assert (status, "3 events" in said) == (0, True), said
    lines = proof.splitlines(keepends=True)
    for number, line in enumerate(lines):
        for changed in ("", falsified(line), line * 2):
            assert verified("".join([*lines[:number], changed, *lines[number + 1 :]]), tmp_path)[0]


def falsified(line: str) -> str:
    """One character in the middle is another one, whatever stood there."""
    middle = len(line) // 2
    return line[:middle] + ("a" if line[middle] != "a" else "b") + line[middle + 1 :]


def sealed_in_steps() -> Subscriber:
    """Four checkpoints; the first two were handed out."""
    for step, person in enumerate((cast.alice, cast.carol, cast.frank, cast.bob)):
        person()
        seal(at=cast.NOON + step * cast.HOUR)
    for checkpoint in LedgerCheckpoint.objects.order_by("size")[:2]:
        LedgerHandout.objects.create(checkpoint=checkpoint, channel="mailbox", tried_at=cast.NOON)
    return Subscriber.objects.with_number(cast.CAROL).get()


def test_checkpoints_that_were_handed_out_are_compared(tmp_path: Path):
    carol = sealed_in_steps()
    proof = files_of(carol)["proof.jsonl"]
    first, second, third, last = LedgerCheckpoint.objects.order_by("size")
    status, said = verified(proof, tmp_path, first.note, second.note, last.note)
    assert (status, "The log continues each of them." in said) == (0, True), said
    status, said = verified(proof, tmp_path, first.note, third.note)
    assert (status, f"your checkpoint {third.size}: the bundle has no way" in said) == (1, True)
    asked = files_of(carol, held_sizes=[third.size])["proof.jsonl"]
    assert verified(asked, tmp_path, third.note)[0] == 0


@pytest.mark.parametrize("size", [2, 5, 11, 12, 400])
def test_another_log_than_the_one_held_is_noticed(tmp_path: Path, size):
    carol = sealed_in_steps()
    proof = files_of(carol, held_sizes=range(1, 12))["proof.jsonl"]
    held = signing_key().sign(Checkpoint(origin(), size, b"x" * 32).text())
    status, said = verified(proof, tmp_path, held)
    assert (status, f"checkpoint {size}" in said) == (1, True), said


def test_only_this_person_is_in_it():
    carol = sealed_carol()
    files = files_of(carol)
    subjects = {
        json.loads(entry["header"])["subject"]
        for entry in map(json.loads, files["proof.jsonl"].splitlines())
        if "header" in entry
    }
    assert subjects == {str(carol.subject_reference)}
    assert cast.CAROL not in files["proof.jsonl"] + files["how-to-check.txt"]
    assert cast.ALICE not in "".join(files.values())


def test_it_is_made_before_anything_is_sealed_and_after_erasure(tmp_path: Path):
    assert "not sealed yet" in files_of(cast.alice())["story.html"]
    erin = cast.erin()
    seal(at=cast.NOON + cast.DAY)
    files = files_of(erin)
    assert cast.ERIN not in "".join(files.values())
    assert verified(files["proof.jsonl"], tmp_path)[0] == 0


def test_the_export_is_on_record_with_its_reason():
    alice = cast.alice()
    files_of(alice)
    record = AccessRecord.objects.get()
    assert (record.action, record.subscriber, record.reason) == (
        AccessAction.EXPORTED, alice, "An authority asked",
    )  # fmt: skip


def test_without_a_reason_or_the_right_nothing_is_exported():
    alice = cast.alice()
    with pytest.raises(UnableToExport):
        files_of(alice, reason=" ")
    with pytest.raises(NotAuthorized):
        export_evidence(actor=cast.approver(), subscriber=alice, reason="x", at=cast.NOON)
    assert not AccessRecord.objects.exists()


def test_a_missing_key_is_said_and_no_500(client: Client, settings):
    alice = cast.alice()
    seal(at=cast.NOON)
    address = reverse("admin:subscribers_subscriber_evidence", args=[alice.public_id])
    client.force_login(officer())
    settings.MASTER_KEYS = "k9:" + settings.MASTER_KEYS.partition(":")[2]
    page = client.post(address, {"reason": "authority"}, follow=True)
    assert (page.status_code, page.redirect_chain) == (200, [(reverse("admin:index"), 302)])
    assert "the master key of this person is not configured" in page.content.decode()
    assert not AccessRecord.objects.exists()


def test_the_button_stands_on_the_persons_page(client: Client):
    alice = cast.alice()
    address = reverse("admin:subscribers_subscriber_evidence", args=[alice.public_id])
    page = reverse("admin:subscribers_subscriber_change", args=[alice.public_id])
    client.force_login(cast.approver())
    assert address not in client.get(page).content.decode()
    assert client.post(address, {"reason": "authority"}).status_code == 403
    client.force_login(officer())
    assert address in client.get(page).content.decode()
    assert "This field is required." in client.post(address, {"reason": ""}).content.decode()
    answer = client.post(address, {"reason": "authority"})
    assert answer["Content-Type"] == "application/zip"
    assert "7700900" not in answer["Content-Disposition"]
