"""The sample data is true: what it shows is what the operations made of it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from config.sample.people import HOW_MANY, Fate
from config.stack.layout import StackLayout
from consent.ledger import evidence
from consent.models import (
    Confirmation,
    Consent,
    ConsentEvent,
    Hold,
    Notice,
    NoticeVersion,
    Preference,
    Purpose,
    SignupForm,
    Suppression,
)
from consent.models.confirmations import Outcome
from consent.notices import missing_elements
from consent.open_forms import published_forms
from governance.models import StaffUser
from messaging.approvals import approval_holds
from messaging.models import (
    FINAL_STATES,
    Campaign,
    CampaignStatus,
    InboundMessage,
    Message,
    MessageState,
    Sender,
)
from messaging.statistics import progress
from messaging.texts import open_inbound, text_of
from subscribers import numbers
from subscribers.models import AgeBand, Segment, Subscriber, SubscriberList
from subscribers.segments import matching

pytestmark = pytest.mark.django_db
S = MessageState
EVERYBODY = sum(HOW_MANY.values()) + HOW_MANY[Fate.WITH_GUARDIAN]


def load() -> str:
    said = io.StringIO()
    call_command("load_sample_data", stdout=said)
    return said.getvalue()


@pytest.fixture(scope="module")
def loaded_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield load()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def said(loaded_once: str) -> Iterator[str]:
    """Loaded for all; what one test changes is rolled back before the next."""
    yield loaded_once
    ContentType.objects.clear_cache()


def sample_of_people() -> list[Subscriber]:
    people = Subscriber.objects.order_by("pk")
    return [*people[::12], *people.filter(consents__status="withdrawn").distinct()]


def replayed(subscriber: Subscriber) -> dict[str, str]:
    """The standing of each purpose, told from the ledger alone."""
    standing: dict[str, str] = {}
    for event in ConsentEvent.objects.filter(subject=subscriber).order_by("occurred_at", "id"):
        if event.purpose is None or event.kind in (
            "held",
            "released",
            "erased",
            "guardian_confirmed",
        ):
            continue
        code = event.purpose.code
        if standing.get(code) == "confirmed" and event.kind in ("requested", "declined"):
            continue
        standing[code] = "confirmed" if event.kind == "reconfirmed" else event.kind
    return standing


def test_it_is_loaded_only_once(said: str) -> None:
    before = (Subscriber.objects.count(), ConsentEvent.objects.count(), Message.objects.count())
    assert "loaded." in said
    assert "already" in load()
    after = (Subscriber.objects.count(), ConsentEvent.objects.count(), Message.objects.count())
    assert after == before


def test_there_are_people_of_every_kind() -> None:
    erased = Subscriber.objects.exclude(erased_at=None)
    confirmed = Subscriber.objects.reachable().filter(consents__status="confirmed").distinct()
    outcomes = Counter(Confirmation.objects.values_list("outcome", flat=True))
    guardians = Subscriber.objects.filter(guardianships_held__isnull=False)
    assert guardians.count() == HOW_MANY[Fate.WITH_GUARDIAN]
    assert sum(HOW_MANY.values()) == Subscriber.objects.count() - guardians.count() == 300
    assert erased.count() == HOW_MANY[Fate.ERASED]
    assert 240 <= confirmed.count() <= 250
    assert outcomes[Outcome.OPEN] == HOW_MANY[Fate.ASKED]
    assert outcomes[Outcome.EXPIRED] == HOW_MANY[Fate.SILENT]
    assert outcomes[Outcome.DECLINED] == HOW_MANY[Fate.DECLINED]
    sources = Counter(Suppression.objects.filter(lifted_at=None).values_list("source", flat=True))
    assert sources.pop("erasure") == HOW_MANY[Fate.ERASED]
    assert sum(sources.values()) == HOW_MANY[Fate.STOPPED]
    assert Hold.objects.filter(released_at=None).count() == HOW_MANY[Fate.HELD]
    assert Hold.objects.filter(released_at=None, due_at__lte=timezone.now()).count() == 0
    paused = Preference.objects.filter(paused_until_at__gt=timezone.now())
    assert paused.values("subscriber").distinct().count() == HOW_MANY[Fate.PAUSED]
    assert len(set(Subscriber.objects.values_list("time_zone", flat=True))) > 8
    assert {"US-NY", "US-AK", ""} < set(Subscriber.objects.values_list("region", flat=True))
    areas = set(Subscriber.objects.reachable().values_list("number_area", flat=True))
    assert {"GB", "FR", "SE", "AU", "+1212", "+1808"} < areas
    assert "" not in areas
    assert set(Subscriber.objects.values_list("language", flat=True)) == {"en", "fr", "es", "de"}


def test_nobody_under_age_was_asked_but_with_a_guardian() -> None:
    minors = Subscriber.objects.filter(age_band=AgeBand.MINOR, age_band_ends_date__isnull=False)
    with_guardian = minors.filter(guardianships__agreed_at__isnull=False)
    assert with_guardian.count() == HOW_MANY[Fate.WITH_GUARDIAN]
    assert with_guardian.filter(consents__status="confirmed").count() == with_guardian.count()
    minors = minors.exclude(pk__in=with_guardian)
    assert minors.count() == HOW_MANY[Fate.UNDER_AGE]
    assert not Consent.objects.filter(subscriber__in=minors).exists()
    assert not Message.objects.filter(subscriber__in=minors).exclude(state=S.WITHHELD).exists()


def test_some_yes_end_within_the_month() -> None:
    soon = timezone.now() + timedelta(days=31)
    ending = Consent.objects.filter(status="confirmed", expires_at__lte=soon)
    assert ending.filter(subscriber__age_band=AgeBand.MINOR).count() == 1
    assert ending.filter(expires_at__gt=timezone.now()).count() == ending.count() > 1


def test_every_number_is_fictional_and_leaves_room_for_visitors() -> None:
    people = Subscriber.objects.reachable()
    taken = {person.phone_number for person in people}
    senders = set(Sender.objects.values_list("address", flat=True))
    assert all(numbers.is_fictional(number) for number in taken | senders)
    assert all(people.values_list("is_sample", flat=True))
    assert not (taken | senders) & {f"+447700900{n}" for n in range(500, 600)}


def test_the_standing_is_what_the_ledger_says() -> None:
    people = sample_of_people()
    assert len(people) > 40
    for person in people:
        rows = Consent.objects.filter(subscriber=person).values_list("purpose__code", "status")
        assert dict(rows) == replayed(person)


def test_events_have_evidence_that_opens_until_erasure() -> None:
    events = ConsentEvent.objects.order_by("pk").select_related("subject__subject_key")
    request = events.filter(kind="requested", subject__erased_at=None).first()
    assert request is not None
    proof = evidence(request)
    assert "Harbor Street Library" in str(proof["shown_text"])
    assert str(proof["network"]).startswith("2001:db8:")
    assert not ConsentEvent.objects.filter(
        subject__erased_at__isnull=False, evidence__isnull=False
    ).exists()


def test_events_happened_in_the_order_of_the_ledger() -> None:
    times = list(ConsentEvent.objects.order_by("id").values_list("occurred_at", flat=True))
    assert times == sorted(times)
    assert times[-1] <= timezone.now()
    assert (times[-1] - times[0]).days > 300


def test_nothing_waits_to_be_sent() -> None:
    assert not Message.objects.filter(state=S.QUEUED).exists()
    assert not Message.objects.exclude(state__in=FINAL_STATES).exists()
    assert not Message.objects.filter(settled_at=None).exists()
    assert not Message.objects.filter(
        Q(permitted_at__gt=timezone.now()) | Q(settled_at__gt=timezone.now())
    ).exists()


def test_campaigns_stand_at_every_step() -> None:
    statuses = Counter(Campaign.objects.values_list("status", flat=True))
    assert statuses == {
        CampaignStatus.FINISHED: 3,
        CampaignStatus.CANCELLED: 1,
        CampaignStatus.APPROVED: 1,
        CampaignStatus.SUBMITTED: 1,
        CampaignStatus.DRAFT: 1,
    }
    approved = Campaign.objects.exclude(approved_by=None)
    assert approved.count() == 5
    assert all(approval_holds(campaign) for campaign in approved)
    not_started = Campaign.objects.filter(started_at=None)
    assert not Message.objects.filter(campaign__in=not_started).exists()


def test_past_campaigns_had_every_outcome_and_say_why() -> None:
    finished = Campaign.objects.filter(status=CampaignStatus.FINISHED).order_by("started_at")
    outcomes = {S.DELIVERED, S.UNDELIVERED, S.UNKNOWN_FINAL, S.REJECTED, S.EXPIRED, S.WITHHELD}
    for campaign in finished:
        assert set(progress(campaign).by_state) == outcomes
    last = finished.last()
    assert last is not None
    # Put off until it was decided about them, which was at night in some places.
    assert set(progress(last).objections) - {"outside_hours"} == {
        "consent_missing", "suppressed", "on_hold", "paused_by_person", "chosen_frequency_reached",
    }  # fmt: skip
    cancelled = Campaign.objects.get(status=CampaignStatus.CANCELLED)
    assert {S.DELIVERED, S.CANCELLED} <= set(progress(cancelled).by_state)


def test_texts_of_people_can_be_read_by_those_who_may() -> None:
    sent = Message.objects.filter(campaign__isnull=False, state=S.DELIVERED).first()
    inbound = InboundMessage.objects.filter(meaning="stop").select_related("subscriber").first()
    meanings = set(InboundMessage.objects.values_list("meaning", flat=True))
    assert sent is not None
    assert "STOP" in text_of(sent)
    assert inbound is not None
    assert inbound.subscriber is not None
    assert inbound.text_ciphertext is not None
    key, number = inbound.subscriber.subject_key.key, inbound.provider_message_id
    assert open_inbound(inbound.text_ciphertext, key=key, provider_message_id=number)
    assert meanings == {"stop", "yes", "no", "help", "unclear", "other"}


def test_nobody_got_a_campaign_after_stopping() -> None:
    late = 0
    for suppression in Suppression.objects.exclude(source="erasure"):
        texts = Message.objects.filter(subscriber__number_digest=suppression.number_digest)
        assert texts.filter(campaign=None).exists()
        late += texts.filter(campaign__isnull=False, permitted_at__gt=suppression.since_at).count()
    assert late == 0


def test_notices_and_forms_can_be_read_in_four_languages() -> None:
    published = NoticeVersion.objects.exclude(published_at=None)
    languages = sorted(published.values_list("language", flat=True))
    assert languages == ["de", "de", "en", "en", "es", "es", "fr", "fr"]
    assert all(missing_elements(version) == [] for version in published)
    assert set(published_forms().values_list("slug", flat=True)) == {"news", "shop", "young"}
    draft = NoticeVersion.objects.get(published_at=None)
    assert len(missing_elements(draft)) == 2


def test_every_segment_selects_some_and_not_all() -> None:
    for segment in Segment.objects.all():
        assert 0 < matching(segment.rule).count() < 295, segment.name


def test_all_of_it_is_marked_as_sample() -> None:
    for model in (Purpose, Notice, SignupForm, SubscriberList, Segment, Sender, Campaign):
        assert not model.objects.filter(is_sample=False).exists()


def test_staff_of_each_role_can_sign_in() -> None:
    roles = StaffUser.objects.filter(is_superuser=False, is_staff=True)
    assert dict(roles.values_list("username", "groups__name")) == {
        "author": "Editor",
        "approver": "Approver",
        "admin": "Administrator",
        "privacy": "Privacy officer",
    }
    assert all(person.check_password("only-for-tests") for person in roles)


@pytest.mark.parametrize("command", ["load_sample_data", "remove_sample_data"])
def test_it_is_refused_outside_the_demo(command: str, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="demo"):
        call_command(command, *(["--yes"] if command.startswith("remove") else []))
    assert Subscriber.objects.count() == EVERYBODY


@pytest.mark.parametrize("command", ["load_sample_data", "remove_sample_data"])
def test_it_is_refused_beside_real_people(command: str) -> None:
    Subscriber.objects.filter(pk=Subscriber.objects.reachable()[0].pk).update(is_sample=False)
    with pytest.raises(CommandError):
        call_command(command, *(["--yes"] if command.startswith("remove") else []))
    assert Subscriber.objects.count() == EVERYBODY


def test_it_is_not_mixed_with_data_of_ones_own() -> None:
    Purpose.objects.update(is_sample=False)
    assert "data of its own" in load()
    assert Subscriber.objects.count() == EVERYBODY


def test_removal_asks_first() -> None:
    with pytest.raises(CommandError, match="--yes"):
        call_command("remove_sample_data")
    assert Subscriber.objects.count() == EVERYBODY


def test_removal_spares_tables_of_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE lunch AS SELECT 'soup' AS monday")
    with pytest.raises(CommandError, match="not ours: lunch"):
        call_command("remove_sample_data", "--yes")
    assert Subscriber.objects.count() == EVERYBODY


def test_removal_spares_a_database_that_never_was_the_demos() -> None:
    Purpose.objects.update(is_sample=False)
    with pytest.raises(CommandError, match="data of its own"):
        call_command("remove_sample_data", "--yes")
    assert Subscriber.objects.count() == EVERYBODY


def test_removal_keeps_nothing(settings: Settings, tmp_path: Path) -> None:
    settings.STACK = StackLayout(tmp_path)
    log = settings.STACK.carrier_folder / "log.jsonl"
    log.parent.mkdir()
    log.write_text('{"text": "hello"}\n')
    said = io.StringIO()
    call_command("remove_sample_data", "--yes", stdout=said)
    assert "empty" in said.getvalue()
    assert log.read_text() == ""
    for model in (Subscriber, ConsentEvent, Message, Campaign, Purpose, StaffUser):
        assert not model.objects.exists()
