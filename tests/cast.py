"""The people of the tests, one line each, and the organization that texts them.

alice   confirmed for news
bob     asked, never confirmed
carol   confirmed, then withdrew
dan     under age, never confirmed
erin    erased
frank   confirmed for news and offers, then texted STOP
dora    under age until November 2027; her guardian agreed, then she confirmed
gina    dora's guardian, and no subscriber of anything
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.contrib.auth.models import Group

from consent.circumstances import Circumstances, Reply
from consent.models import (
    ActorKind,
    Confirmation,
    Notice,
    NoticePurpose,
    NoticeVersion,
    Purpose,
    SignupForm,
    SuppressionSource,
)
from consent.notices import ELEMENTS, content_hash
from consent.operations.answers import confirm_by_reply, decline_by_reply
from consent.operations.erasure import erase_subscriber
from consent.operations.guardianship import Household, ask_guardian
from consent.operations.policy import override_policy
from consent.operations.signup import Request, request_consent
from consent.operations.withdrawal import stop_all_texts, withdraw_consent
from governance.models import StaffUser
from governance.operations import install_roles
from messaging.models import Campaign, CampaignStatus, CampaignText, Sender
from messaging.operations.campaigns import approve_campaign, start_campaign, submit_campaign
from subscribers.models import AgeBand, Subscriber, SubscriberList

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

ALICE, BOB, CAROL = "+447700900001", "+447700900002", "+447700900003"
DAN, ERIN, FRANK = "+447700900004", "+447700900005", "+447700900006"
STRANGER = "+447700900099"
DORA, GINA = "+447700900007", "+447700900008"
OF_AGE = date(2027, 11, 1)

ORGANIZATION = "Harbor Street Library"


# What a notice must say, beside the words by which the tests find each element.
SAID = {
    "sender": ORGANIZATION,
    "purpose": "Opening hours, events and offers.",
    "frequency": "At most 4 texts in 30 days, and 1 in 7 days.",
    "cost": "Message and data rates may apply.",
    "stop": "Reply STOP.",
    "help": "Reply HELP.",
    "not_condition": "You need not agree to anything.",
    "retention": "For 730 days.",
    "rights": "You can see, correct and erase your data.",
    "complaint": "You may go to the authority.",
    "terms": "library.example/terms",
    "privacy": "library.example/privacy",
}


def news() -> Purpose:
    """At most four texts in thirty days, from the library."""
    return _purpose("news", "Opening hours and events")


def offers() -> Purpose:
    """At most one text in seven days, from the library's shop."""
    return _purpose("offers", "Offers of the library shop")


def _purpose(code: str, name: str) -> Purpose:
    return Purpose.objects.get_or_create(
        code=code,
        defaults={"name": name, "description": name, "controller": ORGANIZATION},
    )[0]


def everyone() -> SubscriberList:
    return SubscriberList.objects.get_or_create(name="Readers")[0]


def notice_version() -> NoticeVersion:
    """Published, in English, with both purposes."""
    notice, _created = Notice.objects.get_or_create(name="Library texts")
    published = notice.versions.exclude(published_at=None).first()
    return published or _publish_notice(notice)


def _publish_notice(notice: Notice) -> NoticeVersion:
    words = {code: f"Words about {code}. {SAID[code]}" for code in ELEMENTS}
    version = NoticeVersion.objects.create(notice=notice, language="en", number=1, elements=words)
    for purpose, texts, days in ((news(), 4, 30), (offers(), 1, 7)):
        NoticePurpose.objects.create(
            notice_version=version,
            purpose=purpose,
            statement=f"Yes, text me about {purpose.name.lower()}",
            promised_texts=texts,
            promised_days=days,
        )
    version.content_hash, version.published_at = content_hash(version), NOON - DAY
    version.save()
    return version


def signup_form() -> SignupForm:
    """Published at /signup/news/."""
    return SignupForm.objects.get_or_create(
        slug="news",
        defaults={
            "title": "Texts from the library",
            "notice": notice_version().notice,
            "subscriber_list": everyone(),
            "countries": ["GB", "US"],
            "placement": "The desk of the branch",
            "reason_for_number": "to text you",
            "alternative": "Read the notice board.",
            "published_at": NOON - DAY,
        },
    )[0]


def young_form() -> SignupForm:
    """Published at /signup/young/: it takes people under age, with a guardian."""
    return SignupForm.objects.get_or_create(
        slug="young",
        defaults={
            "title": "Texts for young readers",
            "notice": notice_version().notice,
            "subscriber_list": everyone(),
            "takes_minors": True,
            "countries": ["GB", "US"],
            "placement": "The reading corner",
            "reason_for_number": "to text you",
            "alternative": "Ask at the desk.",
            "published_at": NOON - DAY,
        },
    )[0]


def sender(parts_per_second: float = 1000) -> Sender:
    """The library's own number; it carries the system texts too."""
    return Sender.objects.get_or_create(
        name="Library",
        defaults={
            "provider": "simulator",
            "address": "+447700900900",
            "parts_per_second": parts_per_second,
            "burst": 100,
            "sends_system_texts": True,
        },
    )[0]


def asked(e164: str, *purposes: Purpose, at: datetime = NOON) -> Subscriber:
    """Someone who signed up and has not answered yet."""
    sender()
    wanted = {purpose.pk for purpose in purposes or (news(),)}
    version = notice_version()
    request_consent(
        form=signup_form(),
        version=version,
        e164=e164,
        purposes=[p for p in version.purposes.select_related("purpose") if p.purpose_id in wanted],
        language="en",
        attributes={},
        age_asserted="16 or older",
        circumstances=Circumstances(
            page_address="https://texts.example/signup/news/", client_address=_address_of(e164)
        ),
        at=at,
    )
    subscriber = Subscriber.objects.with_number(e164).get()
    # The confirm worker lets the text go in the same second.
    subscriber.confirmations.filter(outcome="open").update(text_left_at=at)
    return subscriber


def _address_of(e164: str) -> str:
    """Everyone lives in a network of their own, so that no one uses up another's cap."""
    return f"10.{int(e164[-5:-2]) % 256}.{int(e164[-3:]) % 256}.1"


def confirmed(e164: str, *purposes: Purpose, at: datetime = NOON) -> Subscriber:
    """Someone who signed up and answered YES from their phone a minute later."""
    subscriber = asked(e164, *purposes, at=at)
    yes = Reply(words="YES", provider="simulator", provider_message_id=f"yes-{e164[-4:]}")
    confirm_by_reply(subscriber=subscriber, reply=yes, at=at + MINUTE)
    return subscriber


def alice() -> Subscriber:
    return confirmed(ALICE)


def bob() -> Subscriber:
    return asked(BOB)


def carol() -> Subscriber:
    subscriber = confirmed(CAROL)
    withdraw_consent(
        subscriber=subscriber, purpose=news(), circumstances=Circumstances(), at=NOON + HOUR
    )
    return subscriber


def dan() -> Subscriber:
    subscriber = asked(DAN)
    subscriber.age_band = AgeBand.MINOR
    subscriber.save()
    return subscriber


def guardian_asked(
    e164: str, guardian: str, *purposes: Purpose, at: datetime = NOON, until: date = OF_AGE
) -> Subscriber:
    """Someone under age who asked, and whose guardian has not answered yet."""
    sender()
    wanted = {purpose.pk for purpose in purposes or (news(),)}
    version = notice_version()
    promises = version.purposes.select_related("purpose").order_by("pk")
    ask_guardian(
        request=Request(
            form=young_form(),
            version=version,
            purposes=[promise for promise in promises if promise.purpose_id in wanted],
            language="en",
            method="page",
            age_asserted="younger than 16",
            circumstances=Circumstances(client_address=_address_of(e164)),
        ),
        household=Household(e164=e164, guardian_e164=guardian, under_age_until=until),
        at=at,
    )
    let_texts_go(at)
    return Subscriber.objects.with_number(e164).get()


def let_texts_go(at: datetime) -> None:
    """As the confirm worker does in the same second."""
    Confirmation.objects.filter(outcome="open", text_left_at=None).update(text_left_at=at)


def answers(e164: str, word: str, at: datetime) -> None:
    """YES or NO from that phone."""
    verb = confirm_by_reply if word == "YES" else decline_by_reply
    reply = Reply(words=word, provider="simulator", provider_message_id=f"{word}-{e164[-4:]}-{at}")
    verb(subscriber=Subscriber.objects.with_number(e164).get(), reply=reply, at=at)
    let_texts_go(at)


def dora(*purposes: Purpose, at: datetime = NOON) -> Subscriber:
    subscriber = guardian_asked(DORA, GINA, *purposes, at=at)
    answers(GINA, "YES", at + MINUTE)
    answers(DORA, "YES", at + 2 * MINUTE)
    subscriber.refresh_from_db()
    return subscriber


def gina() -> Subscriber:
    dora()
    return Subscriber.objects.with_number(GINA).get()


def erin() -> Subscriber:
    subscriber = confirmed(ERIN)
    erase_subscriber(
        subscriber=subscriber, actor_kind=ActorKind.SUBSCRIBER, remember_no=True, at=NOON + HOUR
    )
    subscriber.refresh_from_db()
    return subscriber


def frank() -> Subscriber:
    subscriber = confirmed(FRANK, news(), offers())
    stop_all_texts(subscriber=subscriber, source=SuppressionSource.TEXT, at=NOON + HOUR)
    return subscriber


def staff(name: str, *groups: str) -> StaffUser:
    """A member of staff in the named groups."""
    if not set(groups) <= set(Group.objects.values_list("name", flat=True)):
        install_roles()
    user, created = StaffUser.objects.get_or_create(username=name, defaults={"is_staff": True})
    if created:
        user.set_password("only-for-tests")
        user.save()
        user.groups.set(Group.objects.filter(name__in=groups))
    return user


def author() -> StaffUser:
    return staff("author", "Editor")


def approver() -> StaffUser:
    return staff("approver", "Approver")


def any_hour(at: datetime = NOON - DAY) -> None:
    """For tests that go by the wall clock: texts may reach Britain at any hour."""
    for applies_to in ("marketing", "service"):
        override_policy(
            actor=staff("privacy officer", "Privacy officer"),
            jurisdiction="GB",
            kind="send_window",
            applies_to=applies_to,
            value={"all": "00:00-24:00", "holiday": "as_day"},
            reason="The tests run at any hour.",
            at=at,
        )


def draft(body: str = "Open late on Friday.", purpose: Purpose | None = None) -> Campaign:
    """A campaign of the author's, for everyone, in English."""
    campaign = Campaign.objects.create(
        name="Friday",
        purpose=purpose or news(),
        subscriber_list=everyone(),
        sender=sender(),
        created_by=author(),
        created_at=NOON,
    )
    CampaignText.objects.create(campaign=campaign, language="en", body=body)
    return campaign


def started(campaign: Campaign, at: datetime) -> Campaign:
    """Submitted by its author, approved and started by the approver."""
    submit_campaign(actor=author(), campaign=campaign, at=at)
    approve_campaign(actor=approver(), campaign=campaign, at=at)
    start_campaign(actor=approver(), campaign=campaign, at=at)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.RUNNING
    return campaign
