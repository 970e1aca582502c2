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


def publish(client: Client, kind: str, row: Any, **said: str) -> str:
    """Look at what would be published, then press the button; returns the page that follows."""
    address = reverse(f"admin:consent_{kind}_publish", args=[row.pk])
    shown = client.get(address).context["shown"]
    page = client.post(address, {"shown": shown, **said}, follow=True)
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
    assert "can no longer change" in publish(boss, "noticeversion", version)
    assert version.published_at is not None


def test_what_is_missing_is_named(boss: Client) -> None:
    notice = Notice.objects.create(name="Library texts")
    boss.post(reverse("admin:consent_noticeversion_add"), written(notice, words_stop=""))
    version = NoticeVersion.objects.get()
    page = publish(boss, "noticeversion", version)
    assert page.count("The notice does not say: How to stop.") == 1
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
    publish(boss, "signupform", form)
    assert form.published_at is not None


def test_an_author_does_not_publish(client: Client) -> None:
    client.force_login(cast.author())
    form = cast.signup_form()
    assert "Your role does not include this." in press(client, "signupform", form, "unpublish")
    assert form.published_at is not None
    assert (
        client.get(reverse("admin:consent_signupform_publish", args=[form.pk])).status_code == 403
    )


def test_the_publishing_button_saves_what_was_typed_first(boss: Client) -> None:
    notice = Notice.objects.create(name="Library texts")
    changes = {"words_stop": "Reply STOP, at any time.", "_publish": "1"}
    page = boss.post(
        reverse("admin:consent_noticeversion_add"), written(notice, **changes), follow=True
    )
    assert "Reply STOP, at any time." in page.content.decode()
    version = NoticeVersion.objects.get()
    assert version.elements["stop"] == "Reply STOP, at any time."
    assert version.published_at is None


def test_what_changed_meanwhile_is_not_published_unseen(boss: Client) -> None:
    notice = Notice.objects.create(name="Library texts")
    boss.post(reverse("admin:consent_noticeversion_add"), written(notice))
    version = NoticeVersion.objects.get()
    address = reverse("admin:consent_noticeversion_publish", args=[version.pk])
    shown = boss.get(address).context["shown"]
    NoticeVersion.objects.update(elements={**version.elements, "stop": "Something else."})
    page = boss.post(address, {"shown": shown}).content.decode()
    assert "It changed while you were looking." in page
    version.refresh_from_db()
    assert version.published_at is None


def test_a_reason_typed_is_kept_when_it_is_refused(boss: Client) -> None:
    old = cast.notice_version()
    press(boss, "noticeversion", old, "copy")
    draft = NoticeVersion.objects.get(published_at=None)
    page = publish(boss, "noticeversion", draft, change="", reason="Clearer words.")
    assert 'value="Clearer words."' in page
    assert page.count("Say whether these words widen, narrow or clarify the ones before.") == 1
    assert draft.published_at is None


def test_a_form_is_shown_as_visitors_will_read_it(boss: Client) -> None:
    form = cast.signup_form()
    press(boss, "signupform", form, "unpublish")
    page = boss.get(reverse("admin:consent_signupform_publish", args=[form.pk]))
    assert "Words about stop." in html.unescape(page.content.decode())
    assert "/signup/news/" in page.content.decode()
