"""What refuses to start: a ledger nobody outside could check, erasures a restore would undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from consent.policy.facts import UnreadablePacks
from consent.policy.packs import FOLDER, load_packs, stale_packs
from consent.sealing import verifier_keys

AppConfigs = Sequence[AppConfig] | None


@register()
def check_ledger_keys(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """The keys can be read, and at least one is there."""
    try:
        keys = verifier_keys()
    except (ImproperlyConfigured, ValueError) as problem:
        hint = "`manage.py new_ledger_key` makes both keys."
        return [Error(f"A key of the ledger: {problem}.", hint=hint, id="consent.E001")]
    if keys:
        return []
    return [
        Warning(
            "Neither LEDGER_SIGNING_KEY nor LEDGER_VERIFIER_KEYS is set: nothing can be proven.",
            hint="`manage.py new_ledger_key` makes both; docs/ledger.md says who gets which.",
            id="consent.W001",
        )
    ]


@register()
def check_handout(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """Checkpoints leave over https, and from a demo not at all."""
    webhook = settings.LEDGER_CHECKPOINT_WEBHOOK
    found: list[CheckMessage] = []
    if webhook and not _is_https(webhook):
        found.append(Error("LEDGER_CHECKPOINT_WEBHOOK must be https.", id="consent.E002"))
    if settings.DEMO and (webhook or settings.LEDGER_CHECKPOINT_MAILBOX):
        found.append(Error("The demo hands no checkpoints out.", id="consent.E003"))
    return found


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@register(Tags.security, deploy=True)
def check_witness(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """Somebody outside holds checkpoints: without them a rewritten log could pass for the old."""
    if settings.LEDGER_CHECKPOINT_MAILBOX or settings.LEDGER_CHECKPOINT_WEBHOOK:
        return []
    return [
        Warning(
            "Nobody outside receives the checkpoints of the ledger.",
            hint="Set LEDGER_CHECKPOINT_MAILBOX or LEDGER_CHECKPOINT_WEBHOOK.",
            id="consent.W002",
        )
    ]


@register()
def check_erasure_list(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """A restored backup must not bring anybody back."""
    if settings.ERASURE_LIST:
        return []
    return [
        Warning(
            "ERASURE_LIST is empty: a restored backup would bring erased people back.",
            hint="Name a file that is backed up apart from the database; docs/rights.md says why.",
            id="consent.W003",
        )
    ]


@register()
def check_policy_packs(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """Every pack can be read to the letter, and somebody looked at each in time."""
    try:
        shipped = load_packs(FOLDER)
    except UnreadablePacks as broken:
        hint = "docs/adding-a-jurisdiction.md shows how a pack is written."
        return [Error(problem, hint=hint, id="consent.E010") for problem in broken.problems]
    return [
        Warning(
            f"{pack.jurisdiction.lower()}.toml was to be reviewed by {pack.review_by}.",
            hint="Read its sources again, then move review_by.",
            id="consent.W010",
        )
        for pack in stale_packs(shipped.values(), on=timezone.now().date())
    ]
