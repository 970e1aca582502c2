"""Giving checkpoints away: a copy in other hands is what makes a rewritten log detectable."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from consent.models import HandoutChannel, LedgerCheckpoint, LedgerHandout
from consent.proofs import newest_checkpoint

RETRY_AFTER = timedelta(minutes=5)
TIMEOUT_SECONDS = 10


class UnableToHandOut(Exception):
    """The other side did not take the checkpoint."""


def hand_out_checkpoint(*, at: datetime) -> int:
    """Give the newest checkpoint to whoever is configured and is due; failures are tried again."""
    checkpoint = newest_checkpoint()
    if checkpoint is None:
        return 0
    due = [channel for channel in _configured() if _is_due(channel, at)]
    for channel in due:
        problem = _try(_configured()[channel], checkpoint)
        LedgerHandout.objects.create(
            checkpoint=checkpoint, channel=channel, tried_at=at, problem=problem
        )
    return len(due)


def _configured() -> dict[HandoutChannel, Callable[[LedgerCheckpoint], None]]:
    channels: dict[HandoutChannel, Callable[[LedgerCheckpoint], None]] = {}
    if settings.LEDGER_CHECKPOINT_MAILBOX:
        channels[HandoutChannel.MAILBOX] = _mail
    if settings.LEDGER_CHECKPOINT_WEBHOOK:
        channels[HandoutChannel.WEBHOOK] = _post
    return channels


def _is_due(channel: HandoutChannel, at: datetime) -> bool:
    """Every hour, grown or not: a log that falls silent is noticed too."""
    newest = LedgerHandout.objects.filter(channel=channel).order_by("-pk").first()
    if newest is None:
        return True
    every = timedelta(seconds=settings.LEDGER_HANDOUT_SECONDS)
    pause = min(RETRY_AFTER, every) if newest.problem else every
    # A clock that jumped back must not silence us until it catches up.
    return not timedelta() <= at - newest.tried_at < pause


def _try(give: Callable[[LedgerCheckpoint], None], checkpoint: LedgerCheckpoint) -> str:
    """What went wrong, "" when nothing did."""
    try:
        give(checkpoint)
    except (UnableToHandOut, OSError, SMTPException, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def _mail(checkpoint: LedgerCheckpoint) -> None:
    message = EmailMessage(
        subject=_("Checkpoint of the consent ledger: %(n)d events") % {"n": checkpoint.size},
        body=_(
            "Please keep the attached file, unchanged, where we cannot reach it. With it anyone "
            "can check that nothing was taken from the ledger or rewritten since."
        ),
        to=[settings.LEDGER_CHECKPOINT_MAILBOX],
    )
    message.attach(f"checkpoint-{checkpoint.size}.txt", checkpoint.note.encode(), "text/plain")
    message.send()


def _post(checkpoint: LedgerCheckpoint) -> None:
    """POST the note. http.client follows no redirect, and this class speaks nothing but TLS."""
    address = urlsplit(settings.LEDGER_CHECKPOINT_WEBHOOK)
    if address.scheme != "https" or address.hostname is None:
        raise UnableToHandOut("not an https address")
    there = http.client.HTTPSConnection(
        address.hostname,
        address.port or 443,
        timeout=TIMEOUT_SECONDS,
        context=ssl.create_default_context(),
    )
    try:
        _send(there, f"{address.path or '/'}?{address.query}".rstrip("?"), checkpoint.note)
    finally:
        there.close()


def _send(there: http.client.HTTPSConnection, path: str, note: str) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    there.request("POST", path, body=note.encode(), headers=headers)
    status = there.getresponse().status
    if not 200 <= status < 300:
        raise UnableToHandOut(f"answered {status}")
