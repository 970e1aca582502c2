"""Publishing words: from then on they never change."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from consent.models import (
    Notice,
    NoticePurpose,
    NoticeVersion,
    Purpose,
    PurposeKind,
    SignupForm,
)
from consent.models.notices import Change
from consent.notice_substance import thin_elements
from consent.notices import (
    ELEMENTS,
    content_hash,
    current_versions,
    missing_elements,
    previous_version,
    wider_promises,
    written_elements,
    youngest_allowed,
)
from subscribers.authorization import Staff, authorize


class UnableToPublish(Exception):
    """Something is missing: `problems` says what, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


@transaction.atomic
def publish_notice_version(
    *,
    actor: Staff,
    version: NoticeVersion,
    change: Change = Change.FIRST,
    reason: str = "",
    at: datetime,
) -> None:
    """Fix the words for good. Where they replace others, `change` and `reason` are published too.

    A wider promise holds for whoever accepts it from now on: a standing consent keeps the
    version it was given for, and texts keep to that.
    """
    authorize(actor=actor, action="consent.publish_noticeversion", at=at)
    version = _locked(version)
    problems = notice_problems(version) + change_problems(version, change, reason)
    if problems:
        raise UnableToPublish(problems)
    version.change, version.change_reason = change, reason.strip()
    version.content_hash = content_hash(version)
    version.published_at = at
    version.published_by_id = actor.pk
    version.save()


def _locked(version: NoticeVersion) -> NoticeVersion:
    """Nothing that is hashed changes meanwhile, nor the words that it is compared with."""
    Notice.objects.select_for_update().get(pk=version.notice_id)
    named = version.purposes.values("purpose")
    list(Purpose.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk"))
    return NoticeVersion.objects.select_for_update().get(pk=version.pk)


def notice_problems(version: NoticeVersion) -> list[str]:
    """What keeps this version from being published, one sentence each."""
    problems = [
        _("The notice does not say: %(label)s.") % {"label": label}
        for label in missing_elements(version)
    ]
    problems += [
        _("“%(label)s” does not say %(what)s.") % {"label": ELEMENTS[code], "what": what}
        for code, what in thin_elements(version, written_elements(version))
    ]
    if version.published_at is not None:
        problems.append(_("This version is published already."))
    if not version.purposes.exists():
        problems.append(_("No purpose is named: add what people agree to."))
    return problems + _unnamed_recipients(version) + _too_young(version)


def _unnamed_recipients(version: NoticeVersion) -> list[str]:
    """Nobody can agree to sharing with they do not know whom."""
    sharing = version.purposes.filter(
        purpose__kind=PurposeKind.SHARING, purpose__recipients__regex=r"^\s*$"
    )
    return [
        _("%(purpose)s is about sharing: say in the purpose who receives the data.")
        % {"purpose": promise.purpose.name}
        for promise in sharing.select_related("purpose").order_by("pk")
    ]


def _too_young(version: NoticeVersion) -> list[str]:
    """Public forms would show these words at once."""
    age = youngest_allowed([version])
    younger = version.notice.forms.filter(published_at__isnull=False, minimum_age__lt=age)
    refusal = _(
        "The form “%(form)s” is public for people of %(form_age)d, and these words are for people "
        "of %(age)d or older: take it down first, or name another purpose."
    )
    return [
        refusal % {"form": form.title, "form_age": form.minimum_age, "age": age}
        for form in younger.order_by("title")
    ]


def change_problems(version: NoticeVersion, change: Change, reason: str) -> list[str]:
    """What is wrong with calling this version a `change` of the one before, one sentence each."""
    before = previous_version(version)
    if before is None:
        return [_("Nothing is changed: these are the first words.")] if change or reason else []
    if not change:
        return [_("Say whether these words widen, narrow or clarify the ones before.")]
    problems = _mistaken(change, wider_promises(version, before))
    if not reason.strip():
        problems.append(_("Give the reason for the change. It is published with the words."))
    return problems


def _mistaken(change: Change, wider: list[NoticePurpose]) -> list[str]:
    """A change is called what it is, as far as that can be counted."""
    if change == Change.WIDENS and not wider:
        return [
            _(
                "No promise is wider than before. Words alone cannot widen a purpose: create "
                "another one and name it in this version, so that people are asked."
            )
        ]
    if change == Change.WIDENS:
        return []
    asks_more = _("This widens: it asks for more about %(purpose)s than the version before.")
    return [asks_more % {"purpose": promise.purpose.name} for promise in wider]


def next_number(version: NoticeVersion) -> int:
    """The number of a new version, counted per notice and language.

    Holds the notice until the transaction ends: two drafts at once would take the same one.
    """
    Notice.objects.select_for_update().get(pk=version.notice_id)
    same = NoticeVersion.objects.filter(notice=version.notice, language=version.language)
    return int(same.aggregate(newest=Max("number"))["newest"] or 0) + 1


@transaction.atomic
def draft_from(*, actor: Staff, version: NoticeVersion, at: datetime) -> NoticeVersion:
    """A new draft with the same words and promises."""
    authorize(actor=actor, action="consent.add_noticeversion", at=at)
    draft = NoticeVersion(
        notice=version.notice, language=version.language, elements=version.elements
    )
    draft.number = next_number(draft)
    draft.save()
    for promise in version.purposes.order_by("pk"):
        promise.pk, promise.notice_version = None, draft
        promise.save(force_insert=True)
    return draft


@transaction.atomic
def publish_form(*, actor: Staff, form: SignupForm, at: datetime) -> None:
    authorize(actor=actor, action="consent.publish_signupform", at=at)
    # Nothing is published about this notice meanwhile.
    Notice.objects.select_for_update().get(pk=form.notice_id)
    problems = form_problems(form)
    if problems:
        raise UnableToPublish(problems)
    SignupForm.objects.filter(pk=form.pk).update(
        published_at=at, published_by=actor.pk, version=form.version + 1
    )


def form_problems(form: SignupForm) -> list[str]:
    """What keeps this form from being published, one sentence each."""
    versions = current_versions(form.notice)
    if not versions:
        return [_("Its notice has no published version yet.")]
    oldest = youngest_allowed(versions)
    if form.minimum_age < oldest:
        return [_("Its purposes are for people of %(age)d or older.") % {"age": oldest}]
    return []


@transaction.atomic
def unpublish_form(*, actor: Staff, form: SignupForm, at: datetime) -> None:
    authorize(actor=actor, action="consent.publish_signupform", at=at)
    SignupForm.objects.filter(pk=form.pk).update(published_at=None, published_by=None)
