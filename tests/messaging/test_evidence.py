from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import LedgerCheckpoint, LedgerHandout
from consent.notes import Checkpoint
from consent.operations.sealing import seal
from consent.sealing import origin, signing_key, verifier_keys
from messaging.models import Message
from messaging.operations.evidence import UnableToExport, export_evidence
from subscribers.authorization import NotAuthorized
from subscribers.models import AccessAction, AccessRecord, Subscriber
from tests import cast

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
