"""The words people are shown, and what must be among them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from consent.models import Notice, NoticePurpose, NoticeVersion, Purpose, SignupForm

# CTIA Messaging Principles 5.1 and GDPR Art. 13, in the order in which people read them.
ELEMENTS = {
    "sender": _("Who texts you"),
    "purpose": _("What for"),
    "frequency": _("How often"),
    "cost": _("What it costs"),
    "stop": _("How to stop"),
    "help": _("How to get help"),
    "not_condition": _("Not a condition"),
    "retention": _("How long we keep it"),
    "rights": _("Your rights"),
    "complaint": _("Where to complain"),
    "terms": _("Terms"),
    "privacy": _("Privacy"),
}


def written_elements(version: NoticeVersion) -> dict[str, str]:
    """The required elements that have words, whatever else stands in the draft."""
    written = version.elements if isinstance(version.elements, dict) else {}
    return {
        code: written[code]
        for code in ELEMENTS
        if isinstance(written.get(code), str) and written[code].strip()
    }


def missing_elements(version: NoticeVersion) -> list[str]:
    """Labels of the required elements that have no words yet."""
    written = written_elements(version)
    return [str(label) for code, label in ELEMENTS.items() if code not in written]


def rendered_notice(version: NoticeVersion) -> list[tuple[str, str]]:
    """(label, words) in the order shown."""
    return [
        (str(label), version.elements[code])
        for code, label in ELEMENTS.items()
        if version.elements.get(code)
    ]


def current_version(notice: Notice, language: str) -> NoticeVersion | None:
    """The newest published version in this language, else in English, else in any."""
    published = notice.versions.exclude(published_at=None).order_by("-number")
    for wanted in (language, "en"):
        version = published.filter(language=wanted).first()
        if version is not None:
            return version
    return published.first()


def previous_version(version: NoticeVersion) -> NoticeVersion | None:
    """The published words that this version is to replace, in the same language."""
    published = version.notice.versions.exclude(published_at=None).exclude(pk=version.pk)
    return published.filter(language=version.language).order_by("-number").first()


def is_published(purpose: Purpose) -> bool:
    """True once some published words name it; from then on it says what it says."""
    named = NoticePurpose.objects.filter(purpose=purpose)
    return named.filter(notice_version__published_at__isnull=False).exists()


def current_versions(notice: Notice) -> list[NoticeVersion]:
    """What is shown now: the newest published version of each language."""
    published = notice.versions.exclude(published_at=None)
    return list(published.order_by("language", "-number").distinct("language"))


def youngest_allowed(versions: Iterable[NoticeVersion]) -> int:
    """The highest minimum age of all that these versions name; 0 where they name nothing."""
    named = Purpose.objects.filter(
        pk__in=NoticePurpose.objects.filter(notice_version__in=list(versions)).values("purpose")
    )
    return int(named.aggregate(oldest=Max("minimum_age"))["oldest"] or 0)


def forms_open_below(purpose: Purpose, age: int) -> list[SignupForm]:
    """Public forms that ask for this purpose from people younger than `age`."""
    named = Notice.objects.filter(versions__purposes__purpose=purpose)
    younger = SignupForm.objects.filter(
        published_at__isnull=False, minimum_age__lt=age, notice__in=named
    )
    return [form for form in younger.order_by("title") if _asks_for(form, purpose)]


def _asks_for(form: SignupForm, purpose: Purpose) -> bool:
    shown = current_versions(form.notice)
    return NoticePurpose.objects.filter(notice_version__in=shown, purpose=purpose).exists()


def wider_promises(version: NoticeVersion, than: NoticeVersion) -> list[NoticePurpose]:
    """What this version asks for and the other did not: another purpose, or more texts."""
    before = {promise.purpose_id: promise for promise in than.purposes.all()}
    return [
        promise
        for promise in version.purposes.select_related("purpose").order_by("pk")
        if not _covers(before.get(promise.purpose_id), promise)
    ]


def _covers(before: NoticePurpose | None, promise: NoticePurpose) -> bool:
    """True when whatever keeps the new promise keeps the old one, in every window of days."""
    if before is None:
        return False
    windows = math.ceil(before.promised_days / promise.promised_days)
    return promise.promised_texts * windows <= before.promised_texts


def notice_content(version: NoticeVersion) -> dict[str, object]:
    """All that people are told by a version: its words, its purposes and its promises."""
    promises = version.purposes.select_related("purpose").order_by("purpose__code")
    return {
        "notice": version.notice_id,
        "language": version.language,
        "version": version.number,
        "words": version.elements,
        "purposes": [_promise_content(promise) for promise in promises],
        "change": str(version.change),
        "change_reason": version.change_reason,
    }


def _promise_content(promise: NoticePurpose) -> dict[str, object]:
    purpose = promise.purpose
    return {
        "code": purpose.code,
        "name": purpose.name,
        "description": purpose.description,
        "kind": str(purpose.kind),
        "controller": purpose.controller,
        "recipients": purpose.recipients,
        "statement": promise.statement,
        "texts": promise.promised_texts,
        "days": promise.promised_days,
    }


def content_hash(version: NoticeVersion) -> bytes:
    """SHA-256 over `notice_content`, in canonical JSON."""
    return hash_of_content(notice_content(version))


def hash_of_content(content: object) -> bytes:
    return hashlib.sha256(canonical(content)).digest()


def canonical(value: object) -> bytes:
    """One JSON value in its one form: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
