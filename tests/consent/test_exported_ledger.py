from __future__ import annotations

import functools
import io
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from consent.exports import export_ledger
from consent.models import ConsentEvidence, LedgerCheckpoint
from consent.operations.sealing import seal
from consent.sealing import origin, verifier_keys
from tests import cast
from tests.consent.mutations import MUTATIONS, parse, render
from verifier import yeslist_verify
from verifier.yeslist_verify import Broken, read_pins, verify_bundle

pytestmark = pytest.mark.django_db
VERIFIER = Path(yeslist_verify.__file__)
TRIES = int(os.environ.get("MUTATIONS", "1000"))


@pytest.fixture(autouse=True)
def _remembered_signatures(monkeypatch):
    """Whether a signature fits does not change from one try to the next; working it out is slow."""
    remembered = functools.cache(yeslist_verify.ed25519_verify)
    monkeypatch.setattr(yeslist_verify, "ed25519_verify", remembered)


@pytest.fixture
def history(tmp_path) -> list[Path]:
    """A log of alice, carol, frank and erin, exported after each of its four checkpoints."""
    taken = []
    for step, person in enumerate((cast.alice, cast.carol, cast.frank, cast.erin)):
        person()
        seal(at=cast.NOON + step * cast.HOUR)
        taken.append(exported(tmp_path / f"after-{step}.jsonl"))
    return taken


@pytest.fixture
def bundle(history) -> Path:
    return history[-1].rename(history[-1].with_name("ledger.jsonl"))


def exported(path: Path) -> Path:
    export_ledger(path, with_bodies=True, every_checkpoint=True)
    return path


def pins(*held: Path):
    return read_pins(origin(), [str(key) for key in verifier_keys()], [str(p) for p in held])


def held_checkpoint(path: Path) -> Path:
    path.write_bytes(LedgerCheckpoint.objects.latest("size").note.encode())
    return path


def test_an_honest_export_holds(bundle):
    found = verify_bundle(bundle, pins())
    assert (found.leaves, len(found.checkpoints), len(found.compared)) == (15, 4, 5)
    assert found.bodies == ConsentEvidence.objects.count() == 11


def test_it_leaves_the_evidence_out_unless_asked(bundle, tmp_path):
    export_ledger(tmp_path / "other.jsonl")
    found = verify_bundle(tmp_path / "other.jsonl", pins())
    assert (found.bodies, len(found.checkpoints)) == (0, 1)


def test_what_happened_after_the_checkpoint_is_left_out_and_said_to_be(bundle, tmp_path):
    cast.confirmed(cast.ALICE, at=cast.NOON + cast.DAY)
    cast.confirmed(cast.BOB)
    found = verify_bundle(exported(tmp_path / "later.jsonl"), pins())
    assert (found.leaves, len(found.later), len(found.compared)) == (15, 1, 4)


def test_every_falsehood_is_noticed(history, tmp_path):
    """`make soak` tries more."""
    seed = int(os.environ.get("SEED", random.randrange(10**9)))
    chance, target = random.Random(seed), tmp_path / "false.jsonl"
    *shorter, honest = [path.read_bytes() for path in history]
    held = held_checkpoint(tmp_path / "held.txt")

    def truncate(_honest: bytes, chance: random.Random) -> bytes:
        """An honest log as it was, signed by us, shown to someone who holds a newer checkpoint."""
        return chance.choice(shorter)

    tried = [(mutation, pins()) for mutation in MUTATIONS] + [(truncate, pins(held))]
    for number in range(TRIES):
        mutation, known = tried[number % len(tried)]
        target.write_bytes(mutation(honest, chance))
        assert noticed(target, known), f"SEED={seed}: {mutation.__name__}, try {number}"


def test_each_shorter_log_was_honest(history):
    for path in history:
        assert noticed(path, pins()) == ""


@pytest.mark.parametrize(
    ("written", "falsely"),
    [
        ('"leaf":0}', '"leaf":0.0}'),
        ('"leaf":0}', '"leaf":-0.0}'),
        ('"leaf":0}', '"leaf":false}'),
        ('"leaf":1}', '"leaf":true}'),
        ('"promised_days":30,', '"promised_days":30.0,'),
        ('"promised_texts":1,', '"promised_texts":true,'),
        ('"later":0', '"later":0.0'),
        ('"later":0', '"later":-0'),
        ('"later":0', '"later":false'),
    ],
)
def test_equal_is_not_enough(written, falsely, tmp_path):
    cast.confirmed(cast.ALICE, cast.news(), cast.offers())
    seal(at=cast.NOON)
    text = exported(tmp_path / "ledger.jsonl").read_text()
    assert written in text
    false = tmp_path / "false.jsonl"
    false.write_text(text.replace(written, falsely))
    assert noticed(false, pins())


def noticed(path: Path, known) -> str:
    try:
        verify_bundle(path, known)
    except Broken as problem:
        return str(problem)
    return ""


def test_putting_lines_together_again_changes_nothing(bundle):
    """The falsehoods are noticed for what they say, not for how they are written."""
    assert render(parse(bundle.read_bytes())) == bundle.read_bytes()


def test_a_log_cut_short_is_noticed_by_whoever_holds_a_later_checkpoint(bundle, tmp_path):
    cast.confirmed(cast.BOB)
    seal(at=cast.NOON + cast.DAY)
    later = held_checkpoint(tmp_path / "held.txt")
    assert verify_bundle(bundle, pins()).leaves == 15
    with pytest.raises(Broken, match="leaf 15: missing, since checkpoint 17 counts on it"):
        verify_bundle(bundle, pins(later))


def test_a_second_version_of_the_log_is_noticed_by_whoever_holds_the_first(bundle, tmp_path):
    """The owner rewrites the log and signs it anew: only a copy outside shows it."""
    held = held_checkpoint(tmp_path / "held.txt")
    lines = [line for line in parse(bundle.read_bytes()) if "checkpoint" not in line]
    leaves = [line for line in lines if "leaf" in line]
    leaves[0]["header"], leaves[1]["header"] = leaves[1]["header"], leaves[0]["header"]
    false = tmp_path / "false.jsonl"
    false.write_bytes(sign_anew(lines))
    assert verify_bundle(false, pins()).leaves == 15
    with pytest.raises(Broken, match="one of them is not what your checkpoint 15 signed"):
        verify_bundle(false, pins(held))


def sign_anew(lines):
    """What someone with the signing key can do."""
    from consent import tree
    from consent.notes import Checkpoint
    from consent.sealing import signing_key

    leaves = [line for line in lines if "leaf" in line]
    for leaf in leaves:
        sealed = leaf["header"].encode() + bytes.fromhex(leaf["body_hash"])
        leaf["body"], leaf["hash"] = None, tree.hash_leaf(sealed).hex()
    root = tree.root_of(bytes.fromhex(leaf["hash"]) for leaf in leaves)
    note = signing_key().sign(Checkpoint(origin(), len(leaves), root).text())
    return render([lines[0], {"checkpoint": note}, *lines[1:]])


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\x00",
        b"[" * 100_000 + b"\n",
        b'{"format":"yeslist-ledger-1"}\n',
        b"9" * 5_000 + b"\n",
        b"PK\x03\x04" + b"\x00" * 200,
        b'{"checkpoints":0,"format":"yeslist-ledger-1","later":0,"leaves":1,"notices":0,"origin":'
        b'"tests.example/ledger","standings":0}\n{"body":null,"body_hash":"' + b"0" * 64 + b'",'
        b'"hash":"0","header":"\\ud800","leaf":0}\n',
    ],
)
def test_garbage_is_refused_in_one_sentence(garbage, tmp_path):
    path = tmp_path / "garbage"
    path.write_bytes(garbage)
    said = run(path)
    assert said.returncode == 1
    assert said.stdout.startswith("DOES NOT HOLD. ")
    assert said.stderr == ""


def run(path: Path, *more: str, given: bytes | None = None):
    command = [sys.executable, "-I", str(VERIFIER), str(path), "--origin", origin()]
    command += ["--key", str(verifier_keys()[0]), *more]
    done = subprocess.run(command, capture_output=True, input=given, check=False)
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def test_the_verifier_runs_alone(bundle, tmp_path):
    said = run(bundle, "--held-checkpoint", str(held_checkpoint(tmp_path / "held.txt")))
    assert (said.returncode, said.stderr) == (0, "")
    assert "15 events: none changed, missing, moved or added." in said.stdout


def test_it_trusts_only_what_the_user_pins(bundle):
    said = run(bundle, "--origin", "other.example")
    assert (said.returncode, said.stderr) == (1, "")
    assert "another log" in said.stdout


@pytest.mark.parametrize(
    ("path", "options", "complaint"),
    [
        (None, ["--key", "nonsense"], "--key"),
        (None, ["--key", "a+b+c"], "--key"),
        (None, ["--held-checkpoint", "/nonexistent"], "cannot be read"),
        (None, ["--held-checkpoint", "/dev/null"], "not a signed note"),
        (Path("/nonexistent.jsonl"), [], "No such file"),
        (Path("/"), [], "Is a directory"),
    ],
)
def test_a_question_asked_wrongly_is_no_finding(bundle, path, options, complaint):
    said = run(path or bundle, *options)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("NOTHING WAS CHECKED. ")
    assert complaint in said.stderr
    with pytest.raises(CommandError) as asked:
        call_command("verify_ledger", *options, bundle=path or bundle)
    assert asked.value.returncode == 2


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_it_reads_from_a_pipe(bundle, name):
    said = run(Path(name), given=bundle.read_bytes())
    assert (said.returncode, "15 events" in said.stdout) == (0, True)
    assert run(Path(name), given=bundle.read_bytes()[:-1]).returncode == 1


def test_evidence_left_out_is_not_called_erased(bundle, tmp_path):
    said = run(bundle).stdout
    assert "4 pieces are gone: their people were erased. 0 were left out" in said
    export_ledger(tmp_path / "without.jsonl")
    said = run(tmp_path / "without.jsonl").stdout
    assert "4 pieces are gone: their people were erased. 11 were left out" in said


def test_the_command_checks_a_bundle_too(bundle, tmp_path):
    said = io.StringIO()
    call_command("verify_ledger", bundle=bundle, stdout=said)
    assert "holds" in said.getvalue()
    bundle.write_bytes(bundle.read_bytes()[:-1])
    with pytest.raises(SystemExit, match="1"):
        call_command("verify_ledger", bundle=bundle, stderr=io.StringIO())


def test_nothing_is_written_before_the_first_checkpoint(tmp_path):
    with pytest.raises(CommandError, match="no signed checkpoint"):
        call_command("export_ledger", tmp_path / "ledger.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_without_any_checkpoint_proves_nothing(tmp_path):
    empty = {"format": "yeslist-ledger-1", "origin": origin(), "checkpoints": 0, "notices": 0,
             "leaves": 0, "standings": 0, "later": 0}  # fmt: skip
    path = tmp_path / "empty.jsonl"
    path.write_bytes(render([empty]))
    assert noticed(path, pins()) == "line 1: no checkpoint, so nothing is proven"


def test_the_export_command_says_how_much_it_wrote(bundle, tmp_path):
    said = io.StringIO()
    call_command("export_ledger", tmp_path / "again.jsonl", stdout=said)
    assert said.getvalue().startswith("15 events are in ")
    assert {"again.jsonl", "ledger.jsonl"} < {p.name for p in tmp_path.iterdir()}
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
