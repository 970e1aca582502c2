from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent.models import Notice, NoticeVersion
from consent.notices import ELEMENTS
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(cast.staff("boss", "Administrator"))
    return client


def press(client: Client, kind: str, row: Any, verb: str) -> str:
    page = client.post(reverse(f"admin:consent_{kind}_{verb}", args=[row.pk]), follow=True)
    assert page.status_code == 200
    row.refresh_from_db()
    return html.unescape(page.content.decode())


def written(notice: Notice, **changes: str) -> dict[str, object]:
    return {
        "notice": notice.pk,
        "language": "en",
        **{f"words_{code}": f"Words about {code}. {cast.SAID[code]}" for code in ELEMENTS},
        "purposes-TOTAL_FORMS": "1",
        "purposes-INITIAL_FORMS": "0",
        "purposes-0-purpose": cast.news().pk,
        "purposes-0-statement": "Yes, text me",
        "purposes-0-promised_texts": "4",
        "purposes-0-promised_days": "30",
        **changes,
    }


def test_words_are_written_as_a_draft_and_published(boss: Client) -> None:
    notice = Notice.objects.create(name="Library texts")
    boss.post(reverse("admin:consent_noticeversion_add"), written(notice))
    version = NoticeVersion.objects.get()
    assert (version.number, version.language) == (1, "en")
    assert set(version.elements) == set(ELEMENTS)
    assert "can no longer change" in press(boss, "noticeversion", version, "publish")
    assert version.published_at is not None


def test_what_is_missing_is_named(boss: Client) -> None:
    notice = Notice.objects.create(name="Library texts")
    boss.post(reverse("admin:consent_noticeversion_add"), written(notice, words_stop=""))
    version = NoticeVersion.objects.get()
    page = press(boss, "noticeversion", version, "publish")
    assert "The notice does not say: How to stop." in page
    assert version.published_at is None


def test_published_words_are_read_only(boss: Client) -> None:
    version = cast.notice_version()
    address = reverse("admin:consent_noticeversion_change", args=[version.pk])
    assert "Words about stop." in boss.get(address).content.decode()
    assert boss.post(address, written(version.notice)).status_code == 403


def test_a_new_version_starts_from_the_old_words(boss: Client) -> None:
    version = cast.notice_version()
    press(boss, "noticeversion", version, "copy")
    draft = NoticeVersion.objects.get(published_at=None)
    assert (draft.number, draft.elements) == (2, version.elements)
    assert draft.purposes.count() == version.purposes.count() == 2


def test_a_form_is_taken_down_before_it_changes(boss: Client) -> None:
    form = cast.signup_form()
    address = reverse("admin:consent_signupform_change", args=[form.pk])
    assert "/signup/news/" in boss.get(address).content.decode()
    assert boss.post(address, {}).status_code == 403
    press(boss, "signupform", form, "unpublish")
    assert form.published_at is None
    press(boss, "signupform", form, "publish")
    assert form.published_at is not None


def test_an_author_does_not_publish(client: Client) -> None:
    client.force_login(cast.author())
    form = cast.signup_form()
    assert "Your role does not include this." in press(client, "signupform", form, "unpublish")
    assert form.published_at is not None
