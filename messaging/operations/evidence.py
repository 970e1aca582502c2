"""The evidence about one number, for an authority, a carrier or the person."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from consent.exports import to_line
from consent.notices import rendered_notice
from consent.personal_proof import opened_lines, proof_lines
from consent.sealing import origin, verifier_keys
from messaging.evidence import message_lines, story_of
from subscribers.authorization import Staff, authorize
from subscribers.encryption import UnableToDecrypt
from subscribers.models import AccessAction, Subscriber
from subscribers.operations import record_access


class UnableToExport(Exception):
    """No reason was given, or a key is missing that the evidence was encrypted with."""


@transaction.atomic
def export_evidence(
    *,
    actor: Staff,
    subscriber: Subscriber,
    reason: str,
    at: datetime,
    held_sizes: Sequence[int] = (),
) -> bytes:
    """A zip: the story to read and print, and its proof for the verifier. The look is on record.

    `held_sizes`: of checkpoints that the receiver has and wants to compare.
    """
    authorize(actor=actor, action="consent.export_evidence", at=at)
    if not reason.strip():
        raise UnableToExport(_("Say why this is exported."))
    record_access(
        actor=actor, action=AccessAction.EXPORTED, subscriber=subscriber, reason=reason, at=at
    )
    try:
        return _packed(subscriber, reason, held_sizes, at)
    except UnableToDecrypt:
        raise UnableToExport(
            _(
                "Nothing was exported: the master key of this person is not configured. Ask "
                "whoever runs this site for the older keys."
            )
        ) from None


def _packed(subscriber: Subscriber, reason: str, held_sizes: Sequence[int], at: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("story.html", _story(subscriber, reason, at))
        proof = proof_lines(subscriber, held_sizes=held_sizes)
        bundle.writestr("proof.jsonl", "".join(map(to_line, proof)))
        bundle.writestr("evidence.jsonl", "".join(map(to_line, opened_lines(subscriber))))
        bundle.writestr("messages.jsonl", "".join(map(to_line, message_lines(subscriber))))
        bundle.writestr("how-to-check.txt", _how_to_check())
    return packed.getvalue()


def _story(subscriber: Subscriber, reason: str, at: datetime) -> str:
    story = story_of(subscriber, at=at)
    notices = [(version, rendered_notice(version)) for version in story.notices]
    context = {"story": story, "notices": notices, "reason": reason, "at": at, "origin": origin()}
    return render_to_string("evidence/story.html", context)


def _how_to_check() -> str:
    keys = [str(key) for key in verifier_keys()]
    return render_to_string("evidence/how_to_check.txt", {"origin": origin(), "keys": keys})
