from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from consent.operations import ageing, expiry, handout, holds, listing, sealing


@shared_task
def record_expiries() -> None:
    expiry.record_expiries(at=timezone.now())


@shared_task
def look_after_consents() -> None:
    ageing.look_after_consents(at=timezone.now())


@shared_task
def close_old_confirmations() -> None:
    expiry.close_old_confirmations(at=timezone.now())


@shared_task
def seal_ledger() -> None:
    sealing.seal(at=timezone.now())


@shared_task
def hand_out_checkpoint() -> None:
    handout.hand_out_checkpoint(at=timezone.now())


@shared_task
def list_erasures() -> None:
    listing.list_waiting()


@shared_task
def revoke_undecided_holds() -> None:
    holds.revoke_undecided(at=timezone.now())
