"""Read: what we text people about, and what the current notices promise about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from consent.models import Notice, NoticePurpose, Purpose, PurposeKind
from consent.notices import current_version

GROUNDS = {
    PurposeKind.MARKETING: _("Your consent to these texts, which you can take back at any time"),
    PurposeKind.SERVICE: _(
        "Your consent to these texts about what you have with us, which you can take back at any "
        "time and keep all that you have"
    ),
    PurposeKind.SHARING: _(
        "Your consent to this sharing and nothing else, which you can take back at any time"
    ),
}


@dataclass(frozen=True)
class PurposeInUse:
    purpose: Purpose
    promises: list[NoticePurpose] = field(default_factory=list)

    @property
    def frequencies(self) -> list[tuple[int, int]]:
        """(texts, days), each once."""
        return list(dict.fromkeys((p.promised_texts, p.promised_days) for p in self.promises))

    @property
    def is_sharing(self) -> bool:
        return self.purpose.kind == PurposeKind.SHARING

    @property
    def ground(self) -> str:
        """GDPR Art. 13(1)(c). Nothing is sent or shared here without a yes to just that."""
        return str(GROUNDS[PurposeKind(self.purpose.kind)])


class Sharing(StrEnum):
    """What the privacy notice may say about others, from the purposes themselves."""

    NOBODY = "nobody"
    RECIPIENTS = "recipients"
    CONSENTED = "consented"


def sharing_of(lines: Iterable[PurposeInUse]) -> Sharing:
    purposes = [line.purpose for line in lines]
    if any(purpose.kind == PurposeKind.SHARING for purpose in purposes):
        return Sharing.CONSENTED
    named = any(purpose.recipients.strip() for purpose in purposes)
    return Sharing.RECIPIENTS if named else Sharing.NOBODY


def purposes_in_use(language: str) -> list[PurposeInUse]:
    """Every purpose that some published notice names now, by name."""
    found: dict[int, PurposeInUse] = {}
    for promise in _current_promises(language):
        line = found.setdefault(promise.purpose_id, PurposeInUse(promise.purpose))
        line.promises.append(promise)
    return sorted(found.values(), key=lambda line: line.purpose.name)


def _current_promises(language: str) -> list[NoticePurpose]:
    notices = Notice.objects.filter(versions__published_at__isnull=False).distinct()
    versions = [current_version(notice, language) for notice in notices.order_by("pk")]
    return list(
        NoticePurpose.objects.filter(notice_version__in=filter(None, versions))
        .select_related("purpose", "notice_version")
        .order_by("pk")
    )
