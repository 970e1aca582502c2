from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consent.notes import Checkpoint, InvalidNote, VerifierKey, open_note
from consent.sealing import origin, verifier_keys
from consent.verification import Findings, LedgerBroken, verify_ledger
from verifier import yeslist_verify


class Command(BaseCommand):
    help = (
        "Checks the whole ledger, or an exported bundle; exit status 0 if it holds, 1 if not, "
        "2 if the question was asked wrongly."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bundle", type=Path, help="check this exported file instead")
        parser.add_argument("--origin", help="the name of the log (default: ours)")
        parser.add_argument("--key", action="append", help="its public key (default: ours)")
        parser.add_argument(
            "--held-checkpoint", action="append", default=[], help="one that was kept outside"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        keys = [str(key) for key in verifier_keys()] if not options["key"] else options["key"]
        if not keys:
            raise _asked_wrongly("Give --key, or set LEDGER_VERIFIER_KEYS.")
        try:
            self.stdout.write(self._check(keys, options))
        except yeslist_verify.AskedWrongly as problem:
            raise _asked_wrongly(str(problem)) from None
        except LedgerBroken as problem:
            self.stderr.write(f"DOES NOT HOLD. {problem}")
            sys.exit(1)
        except yeslist_verify.Broken as problem:
            self.stderr.write(yeslist_verify.complaint(problem))
            sys.exit(1)

    def _check(self, keys: list[str], options: dict[str, Any]) -> str:
        name = options["origin"] or origin()
        if options["bundle"] is None:
            return in_words(_whole(keys, name, options["held_checkpoint"]))
        pins = yeslist_verify.read_pins(name, keys, options["held_checkpoint"])
        return yeslist_verify.report(yeslist_verify.verify_bundle(options["bundle"], pins))


def _whole(keys: list[str], name: str, held: list[str]) -> Findings:
    trusted = [_parsed(key) for key in keys]
    notes = [_opened(Path(path), trusted) for path in held]
    return verify_ledger(keys=trusted, origin=name, held=notes, at=timezone.now())


def _opened(path: Path, keys: list[VerifierKey]) -> Checkpoint:
    try:
        return open_note(path.read_bytes().decode(), keys=keys)
    except (OSError, UnicodeDecodeError):
        raise _asked_wrongly(f"{path}: cannot be read") from None
    except InvalidNote as problem:
        raise _asked_wrongly(f"{path}: {problem}") from None


def _parsed(key: str) -> VerifierKey:
    try:
        return VerifierKey.parse(key)
    except ValueError as problem:
        raise _asked_wrongly(f"--key: {problem}") from None


def _asked_wrongly(problem: str) -> CommandError:
    """Nothing was checked: not the same as a ledger that does not hold."""
    return CommandError(problem, returncode=2)


def in_words(found: Findings) -> str:
    return (
        "The ledger holds.\n"
        f"{found.leaves} sealed events, {found.pending} waiting for their seal, none lost.\n"
        f"{found.bodies} pieces of evidence re-hashed; "
        f"{found.leaves - found.bodies} are gone, all of people who were erased.\n"
        f"{found.checkpoints} checkpoints: signatures and roots fit, each continues the last; "
        f"{found.leaves - found.signed} sealed events are not signed yet.\n"
        f"{len(found.held)} checkpoints that you hold: the log continues each of them.\n"
        f"{found.notices} published notices have the words that were sealed.\n"
        f"{found.standings} standings are what the events lead to."
    )
