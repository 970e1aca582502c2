from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.notes import VerifierKey
from consent.sealing import origin, verifier_keys
from consent.verification import Findings, LedgerBroken, verify_ledger
from verifier import yeslist_verify


class Command(BaseCommand):
    help = "Checks the whole ledger, or an exported bundle; exit status 0 if it holds, 1 if not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bundle", type=Path, help="check this exported file instead")
        parser.add_argument("--origin", help="the name of the log (default: ours)")
        parser.add_argument("--key", action="append", help="its public key (default: ours)")
        parser.add_argument(
            "--held-checkpoint", action="append", default=[], help="with --bundle: one kept outside"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        keys = [str(key) for key in verifier_keys()] if not options["key"] else options["key"]
        if not keys:
            raise CommandError("Give --key, or set LEDGER_VERIFIER_KEYS.")
        try:
            self.stdout.write(self._check(keys, options))
        except (LedgerBroken, yeslist_verify.Broken) as problem:
            self.stderr.write(f"DOES NOT HOLD. {problem}")
            sys.exit(1)

    def _check(self, keys: list[str], options: dict[str, Any]) -> str:
        if options["bundle"] is None:
            return in_words(verify_ledger(keys=[_parsed(key) for key in keys]))
        pins = yeslist_verify.read_pins(
            options["origin"] or origin(), keys, options["held_checkpoint"]
        )
        return yeslist_verify.report(yeslist_verify.verify_bundle(options["bundle"], pins))


def _parsed(key: str) -> VerifierKey:
    try:
        return VerifierKey.parse(key)
    except ValueError as problem:
        raise CommandError(f"--key: {problem}") from None


def in_words(found: Findings) -> str:
    return (
        "The ledger holds.\n"
        f"{found.leaves} sealed events, {found.pending} waiting for their seal, none lost.\n"
        f"{found.bodies} pieces of evidence re-hashed; "
        f"{found.leaves - found.bodies} are gone by erasure or retention.\n"
        f"{found.checkpoints} checkpoints: signatures and roots fit, each continues the last.\n"
        f"{found.notices} published notices have the words that were sealed.\n"
        f"{found.standings} standings are what the events lead to."
    )
