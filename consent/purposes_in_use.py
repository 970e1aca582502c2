"""Read: what we text people about, and what the current notices promise about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from consent.models import Notice, NoticePurpose, Purpose
from consent.notices import current_version


@dataclass(frozen=True)
class PurposeInUse:
    purpose: Purpose
    promises: list[NoticePurpose] = field(default_factory=list)

    @property
    def frequencies(self) -> list[tuple[int, int]]:
        """(texts, days), each once."""
        return list(dict.fromkeys((p.promised_texts, p.promised_days) for p in self.promises))


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
