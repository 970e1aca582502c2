"""The library itself: purposes, notices, forms, lists, attributes, segments, senders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from config.sample import words
from config.sample.notice_words import CAMP_DRAFT, COMMON, LIBRARY_NOTICE, PROMISES, SHOP_NOTICE
from config.sample.phones import LIBRARY_NUMBER, SHOP_NUMBER
from config.sample.staff import SampleStaff
from consent.models import Notice, NoticePurpose, NoticeVersion, Purpose, SignupForm
from consent.operations.policy import override_policy
from consent.operations.publishing import publish_form, publish_notice_version
from messaging.models import Sender
from subscribers.models import Attribute, Segment, SubscriberList


@dataclass(frozen=True)
class Library:
    staff: SampleStaff
    purposes: dict[str, Purpose]
    lists: dict[str, SubscriberList]
    segments: dict[str, Segment]
    forms: dict[str, SignupForm]
    sender: Sender


def found(staff: SampleStaff, *, at: datetime) -> Library:
    """Everything there must be before the first person signs up."""
    purposes = _purposes()
    lists = {
        name: SubscriberList.objects.create(name=name, description=description, is_sample=True)
        for name, description in words.LISTS.items()
    }
    _attributes()
    _any_hour(staff, at)
    return Library(
        staff=staff,
        purposes=purposes,
        lists=lists,
        segments=_segments(staff),
        forms=_forms(staff, purposes, lists, at),
        sender=_senders(),
    )


def _any_hour(staff: SampleStaff, at: datetime) -> None:
    """Whoever tries the demo late in the evening sees texts arrive on the phones at home."""
    override_policy(
        actor=staff.privacy,
        jurisdiction="GB",
        kind="send_window",
        value={"all": "00:00-24:00", "holiday": "as_day"},
        reason=words.ANY_HOUR,
        at=at,
    )


def _purposes() -> dict[str, Purpose]:
    return {
        code: Purpose.objects.create(
            code=code, controller=settings.ORGANIZATION, is_sample=True, **facts
        )
        for code, facts in words.PURPOSES.items()
    }


def _attributes() -> None:
    for code, facts in words.ATTRIBUTES.items():
        Attribute.objects.create(code=code, **facts)


def _segments(staff: SampleStaff) -> dict[str, Segment]:
    return {
        name: Segment.objects.create(name=name, rule=rule, created_by=staff.author, is_sample=True)
        for name, rule in words.SEGMENTS.items()
    }


def _senders() -> Sender:
    """The one that carries the system texts; the other is slow."""
    Sender.objects.create(
        name="Library shop", provider="simulator", address=SHOP_NUMBER,
        parts_per_second=Decimal("0.5"), burst=1, countries=["GB"],
        price_per_part=Decimal("0.039"), currency="EUR", is_sample=True,
    )  # fmt: skip
    return Sender.objects.create(
        name="Harbor Library", provider="simulator", address=LIBRARY_NUMBER,
        parts_per_second=20, burst=5, sends_system_texts=True,
        price_per_part=Decimal("0.045"), currency="EUR",
        registered_countries=words.COUNTRIES, is_sample=True,
    )  # fmt: skip


def _forms(
    staff: SampleStaff,
    purposes: Mapping[str, Purpose],
    lists: Mapping[str, SubscriberList],
    at: datetime,
) -> dict[str, SignupForm]:
    news, offers, reminders = (purposes[code] for code in ("news", "offers", "reminders"))
    library = _published_notice("Library texts", LIBRARY_NOTICE, [news, reminders], staff, at)
    shop = _published_notice("Shop texts", SHOP_NOTICE, [offers, news], staff, at)
    readers, customers = lists[words.READERS], lists[words.CUSTOMERS]
    forms = {
        words.NEWS_FORM: _form(words.NEWS_FORM, library, readers, "branch", "age_group", "likes"),
        words.YOUNG_FORM: _form(words.YOUNG_FORM, library, readers, "branch"),
        words.SHOP_FORM: _form(words.SHOP_FORM, shop, customers, "branch", "likes"),
    }
    for form in forms.values():
        publish_form(actor=staff.admin, form=form, at=at)
        form.refresh_from_db()
    _form(words.CAMP_FORM, _camp_notice(news), readers, "age_group")
    return forms


def _published_notice(
    name: str,
    special: Mapping[str, dict[str, str]],
    purposes: Sequence[Purpose],
    staff: SampleStaff,
    at: datetime,
) -> Notice:
    notice = Notice.objects.create(name=name, is_sample=True)
    for language, elements in special.items():
        version = _version(notice, language, {**COMMON[language], **elements}, purposes)
        publish_notice_version(actor=staff.admin, version=version, at=at)
    return notice


def _version(
    notice: Notice, language: str, elements: dict[str, str], purposes: Sequence[Purpose]
) -> NoticeVersion:
    version = NoticeVersion.objects.create(
        notice=notice, language=language, number=1, elements=elements
    )
    for purpose in purposes:
        promise = PROMISES[purpose.code]
        NoticePurpose.objects.create(
            notice_version=version,
            purpose=purpose,
            statement=promise.statement[language],
            promised_texts=promise.texts,
            promised_days=promise.days,
        )
    return version


def _camp_notice(news: Purpose) -> Notice:
    notice = Notice.objects.create(name="Camp texts", is_sample=True)
    _version(notice, "en", CAMP_DRAFT, [news])
    return notice


def _form(
    slug: str, notice: Notice, subscriber_list: SubscriberList, *attributes: str
) -> SignupForm:
    form = SignupForm.objects.create(
        slug=slug,
        notice=notice,
        subscriber_list=subscriber_list,
        countries=words.COUNTRIES,
        is_sample=True,
        **words.FORMS[slug],
    )
    form.attributes.set(Attribute.objects.filter(code__in=attributes))
    return form
