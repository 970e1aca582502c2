"""What a visitor is shown: a published form with the words that are current in their language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from consent.local_law import law_in
from consent.models import NoticePurpose, NoticeVersion, SignupForm
from consent.notices import current_version, rendered_notice


@dataclass(frozen=True)
class OpenForm:
    form: SignupForm
    version: NoticeVersion
    promises: list[NoticePurpose]
    languages: list[tuple[str, str]]
    # Below it somebody else decides with them; 0 where nobody need ask.
    age_asked: int

    @property
    def notice(self) -> list[tuple[str, str]]:
        return rendered_notice(self.version)

    @property
    def controllers(self) -> list[str]:
        """Who is responsible, each named once."""
        return list(dict.fromkeys(promise.purpose.controller for promise in self.promises))


def published_forms() -> QuerySet[SignupForm]:
    """The forms that people can fill in now."""
    return (
        SignupForm.objects.filter(
            published_at__isnull=False, notice__versions__published_at__isnull=False
        )
        .distinct()
        .order_by("title")
    )


def open_form(form: SignupForm, language: str, *, at: datetime) -> OpenForm | None:
    """None while the form or its notice is not published."""
    return form_as_shown(form, language, at=at) if form.published_at is not None else None


def form_as_shown(form: SignupForm, language: str, *, at: datetime) -> OpenForm | None:
    """As visitors see it once it is public; None while its notice is not published."""
    version = current_version(form.notice, language)
    if version is None:
        return None
    promises = list(version.purposes.select_related("purpose").order_by("pk"))
    age_asked = max(form.minimum_age, law_in(form.countries, at=at).child_age)
    return OpenForm(form, version, promises, _published_languages(form), age_asked)


def _published_languages(form: SignupForm) -> list[tuple[str, str]]:
    published = form.notice.versions.exclude(published_at=None)
    codes = set(published.values_list("language", flat=True))
    return [(code, name) for code, name in settings.LANGUAGES if code in codes]
