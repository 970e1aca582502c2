from __future__ import annotations

import base64
import secrets
from typing import Any

from django.core.management.base import BaseCommand

from consent.notes import SigningKey
from consent.sealing import origin


class Command(BaseCommand):
    help = "Makes a new pair of keys for the ledger, and changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        seed = secrets.token_bytes(32)
        self.stdout.write(
            "For the ledger worker alone:\n"
            f"LEDGER_SIGNING_KEY={base64.b64encode(seed).decode()}\n"
            "For every process, and for whoever wants to check (older keys stay in the list):\n"
            f"LEDGER_VERIFIER_KEYS={SigningKey(origin(), seed).verifier()}"
        )
