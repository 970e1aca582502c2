"""What a new version may say, and to whom it applies."""

from __future__ import annotations

import html

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from consent.models import Consent, ConsentEvent, NoticeVersion, Purpose
from consent.models.notices import Change
from consent.notices import content_hash, current_version
from consent.operations.publishing import (
    UnableToPublish,
    draft_from,
    notice_problems,
    publish_form,
    publish_notice_version,
    unpublish_form,
)
from consent.operations.signup import UnableToRequest
from tests import cast

pytestmark = pytest.mark.django_db
REASON = "The desk asked what counts as an event."


def boss():
    return cast.staff("boss", "Administrator")


def draft(texts: int = 4, days: int = 30, **words: str) -> NoticeVersion:
    """A new version of the library's notice with this promise about news."""
    version = draft_from(actor=boss(), version=cast.notice_version(), at=cast.NOON)
    version.purposes.filter(purpose=cast.news()).update(promised_texts=texts, promised_days=days)
    often = f"At most {texts} texts in {days} days about news; 1 in 7 days of offers."
    version.elements = {**version.elements, "frequency": often, **words}
    version.save()
    return version


def publish(version: NoticeVersion, change: Change = Change.FIRST, reason: str = "") -> None:
    publish_notice_version(
        actor=boss(), version=version, change=change, reason=reason, at=cast.NOON
    )
    version.refresh_from_db()


def refusal(version: NoticeVersion, change: Change, reason: str = REASON) -> str:
    with pytest.raises(UnableToPublish) as refused:
        publish(version, change, reason)
    return " ".join(refused.value.problems)


def test_a_new_version_must_say_what_it_does_and_why():
    version = draft(purpose="Opening hours, talks and readings.")
    assert "widen, narrow or clarify" in refusal(version, Change.FIRST, "")
    assert "Give the reason" in refusal(version, Change.CLARIFIES, "  ")
    publish(version, Change.CLARIFIES, REASON)
    assert (version.change, version.change_reason) == (Change.CLARIFIES, REASON)


def test_first_words_change_nothing():
    version = cast.notice_version()
    first = NoticeVersion.objects.create(
        notice=version.notice, language="fr", number=1, elements=version.elements
    )
    assert "first words" in refusal(first, Change.CLARIFIES)


@pytest.mark.parametrize(("texts", "days"), [(5, 30), (4, 29), (1, 7), (4, 7), (2, 14), (1, 1)])
def test_more_texts_are_not_called_a_clarification(texts: int, days: int):
    for change in (Change.CLARIFIES, Change.NARROWS):
        assert "This widens" in refusal(draft(texts, days), change)


@pytest.mark.parametrize(("texts", "days"), [(4, 30), (3, 30), (4, 60), (1, 10), (2, 15)])
def test_what_keeps_the_old_promise_does_not_widen_it(texts: int, days: int):
    version = draft(texts, days)
    assert "Words alone cannot widen" in refusal(version, Change.WIDENS)
    publish(version, Change.NARROWS, REASON)


def test_another_purpose_widens_the_notice():
    version = draft()
    other = Purpose.objects.create(code="talks", name="Talks", controller=cast.ORGANIZATION)
    version.purposes.create(
        purpose=other, statement="Yes, text me about talks", promised_texts=1, promised_days=30
    )
    assert "Talks" in refusal(version, Change.CLARIFIES)
    publish(version, Change.WIDENS, REASON)


def test_whoever_agreed_before_keeps_the_old_promise_and_the_old_words():
    alice = cast.alice()
    old = cast.notice_version()
    publish(version := draft(30, 30), Change.WIDENS, REASON)
    assert current_version(old.notice, "en") == version
    standing = Consent.objects.get(subscriber=alice)
    assert (standing.notice_version, standing.promised_texts) == (old, 4)


def test_the_reason_is_part_of_what_is_sealed():
    publish(version := draft(), Change.CLARIFIES, REASON)
    assert bytes(version.content_hash) == content_hash(version)
    version.change_reason = "Another reason."
    assert bytes(version.content_hash) != content_hash(version)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        version.save()


def test_what_is_missing_is_named():
    version = draft(stop="", complaint=" ")
    assert notice_problems(version) == [
        "The notice does not say: How to stop.",
        "The notice does not say: Where to complain.",
    ]


def test_sharing_names_who_receives_the_data():
    version = draft()
    share = Purpose.objects.create(
        code="share", name="Sharing", kind="sharing", controller=cast.ORGANIZATION
    )
    version.purposes.create(
        purpose=share, statement="Yes, pass it on", promised_texts=1, promised_days=30
    )
    asked_for = "Sharing is about sharing: say in the purpose who receives the data."
    assert notice_problems(version) == [asked_for]
    Purpose.objects.filter(pk=share.pk).update(recipients="DataBroker Inc")
    assert notice_problems(version) == []


@pytest.mark.parametrize(
    "change",
    [
        "name = 'Offers'",
        "description = 'Anything'",
        "kind = 'sharing'",
        "controller = 'Somebody else'",
        "recipients = 'Our partners'",
        "code = 'other'",
        "retention_days = 9999",
        "minimum_age = 13",
        "consent_valid_days = 366",
        "consent_valid_days = NULL",
    ],
)
def test_a_published_purpose_is_never_widened(change: str):
    Purpose.objects.filter(pk=cast.news().pk).update(consent_valid_days=365)
    cast.notice_version()
    with (
        pytest.raises(DatabaseError, match="is published"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE consent_purpose SET {change} WHERE code = 'news'")


def test_a_purpose_may_keep_less_and_ask_for_more_years():
    cast.notice_version()
    Purpose.objects.filter(code="news").update(
        retention_days=30, minimum_age=18, consent_valid_days=90
    )
    assert cast.news().retention_days == 30


IN_FRENCH = {
    "sender": cast.ORGANIZATION,
    "purpose": "Les horaires et les événements.",
    "frequency": "4 SMS en 30 jours, 1 en 7 jours, un par mois.",
    "cost": "Les SMS et les données sont facturés par votre opérateur.",
    "stop": "Répondez STOP.",
    "help": "Répondez AIDE.",
    "not_condition": "Ce n'est pas nécessaire pour emprunter.",
    "retention": "Deux ans.",
    "rights": "Vous pouvez voir, corriger et effacer vos données.",
    "complaint": "L'autorité de protection des données.",
    "terms": "library.example/conditions",
    "privacy": "/privacy/",
}


def wine() -> Purpose:
    return Purpose.objects.create(
        code="wine", name="Wine", controller=cast.ORGANIZATION, minimum_age=18
    )


def draft_about_wine(language: str = "en") -> NoticeVersion:
    version = draft()
    frequency = "1 text in 30 days about wine; 4 texts in 30 days; 1 in 7 days"
    elements = {**version.elements, "frequency": frequency} if language == "en" else IN_FRENCH
    NoticeVersion.objects.filter(pk=version.pk).update(language=language, elements=elements)
    version.refresh_from_db()
    version.purposes.create(
        purpose=wine(), statement="Yes, text me about wine", promised_texts=1, promised_days=30
    )
    return version


def test_words_for_adults_are_not_published_under_a_form_for_the_young():
    form = cast.signup_form()
    version = draft_about_wine()
    assert f"“{form.title}” is public for people of 16" in refusal(version, Change.WIDENS)
    unpublish_form(actor=boss(), form=form, at=cast.NOON)
    publish(version, Change.WIDENS, REASON)
    form.refresh_from_db()
    with pytest.raises(UnableToPublish, match="people of 18 or older"):
        publish_form(actor=boss(), form=form, at=cast.NOON)


def test_a_form_answers_for_its_words_in_every_language():
    form = cast.signup_form()
    unpublish_form(actor=boss(), form=form, at=cast.NOON)
    publish(draft_about_wine("fr"))
    form.refresh_from_db()
    with pytest.raises(UnableToPublish, match="people of 18 or older"):
        publish_form(actor=boss(), form=form, at=cast.NOON)


def test_a_form_never_asks_those_who_are_too_young(client: Client):
    cast.signup_form()
    Purpose.objects.filter(code="news").update(minimum_age=18)
    with pytest.raises(UnableToRequest, match="younger than a purpose is for"):
        cast.asked(cast.ALICE)
    assert not ConsentEvent.objects.exists()


def test_the_staff_page_does_not_offer_what_is_refused(client: Client):
    cast.notice_version()
    client.force_login(boss())
    address = reverse("admin:consent_purpose_change", args=[cast.news().pk])
    page = client.get(address).content.decode()
    assert 'name="recipients"' not in page
    typed = {"retention_days": 9999, "minimum_age": 16}
    assert "only fewer days" in client.post(address, typed).content.decode()
    younger = {"retention_days": 90, "minimum_age": 15}
    assert "Never younger" in client.post(address, younger).content.decode()
    assert client.post(address, {**typed, "retention_days": 90}).status_code == 302


def test_the_age_is_not_raised_above_a_public_form(client: Client):
    form = cast.signup_form()
    client.force_login(boss())
    address = reverse("admin:consent_purpose_change", args=[cast.news().pk])
    older = {"retention_days": 90, "minimum_age": 17}
    assert "take it down first" in client.post(address, older).content.decode()
    unpublish_form(actor=boss(), form=form, at=cast.NOON)
    assert client.post(address, older).status_code == 302
    assert cast.news().minimum_age == 17


def test_a_yes_does_not_come_to_last_longer(client: Client):
    Purpose.objects.filter(pk=cast.news().pk).update(consent_valid_days=365)
    cast.notice_version()
    client.force_login(boss())
    address = reverse("admin:consent_purpose_change", args=[cast.news().pk])
    typed = {"retention_days": 90, "minimum_age": 16}
    for days in ("", "366"):
        page = client.post(address, {**typed, "consent_valid_days": days}).content.decode()
        assert "A yes lasts no longer" in page
    assert client.post(address, {**typed, "consent_valid_days": "90"}).status_code == 302


def test_staff_choose_the_change_beside_the_button(client: Client):
    version = draft()
    client.force_login(boss())
    address = reverse("admin:consent_noticeversion_publish", args=[version.pk])
    page = client.get(address)
    assert "What it does to version 1" in page.content.decode()
    shown = page.context["shown"]
    page = client.post(address, {"shown": shown, "change": "nothing"}).content.decode()
    assert "Say whether these words" in html.unescape(page)
    client.post(address, {"shown": shown, "change": "clarifies", "reason": REASON})
    version.refresh_from_db()
    assert version.change_reason == REASON


def test_everybody_reads_what_was_changed_and_why(client: Client):
    publish(version := draft(), Change.CLARIFIES, REASON)
    page = client.get(f"/notices/{version.pk}/").content.decode()
    assert REASON in page
    assert "the same, said better" in page
