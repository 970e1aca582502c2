from __future__ import annotations

import base64
import io
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from consent.codes import find_link, make_link
from consent.ledger import evidence
from consent.models import EventKind, Suppression, SuppressionSource
from consent.models.confirmations import LinkScope
from consent.operations import rotation
from consent.operations.erasure import erase_subscriber
from consent.operations.rotation import rotate_keys, rows_per_key
from consent.operations.withdrawal import (
    lift_suppression,
    stop_all_texts,
    suppress_number,
)
from consent.suppression import is_suppressed, number_is_suppressed
from messaging.lanes.claims import claim_campaign_texts
from messaging.lanes.shares import Shares
from messaging.models import Message, MessageState, Sender
from messaging.operations.audience import cut_audience
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from messaging.texts import text_of
from subscribers import numbers
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db


def key(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


@pytest.fixture
def new_keys(settings):
    """Call it to put new keys in front of the old ones."""
    old = settings.MASTER_KEYS, settings.DIGEST_KEYS

    def change() -> None:
        settings.MASTER_KEYS = f"new-master:{key('n')},{old[0]}"
        settings.DIGEST_KEYS = f"new-digest:{key('z')},{old[1]}"

    return change


def facts_of(subscriber: Subscriber, at=cast.NOON + cast.HOUR):
    """What the turn knows of the person when a campaign's text is due."""
    campaign = cast.started(cast.draft(), at)
    cut_audience(campaign_id=campaign.pk, at=at)
    Message.objects.exclude(campaign=campaign).filter(state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED
    )
    batch = claim_campaign_texts(Sender.objects.get(), shares=Shares(), parts=100, at=at)
    found = [each.known.facts for each in batch.messages if each.subscriber_id == subscriber.pk]
    return found[0] if found else None


def stop_from_phone(number: str, name: str = "stop-1") -> None:
    text = InboundText(
        provider_message_id=name, from_number=number, to_address="+447700900900", body="STOP"
    )
    receive_text(provider="simulator", text=text, at=cast.NOON + cast.HOUR)


def test_everything_opens_under_the_new_keys_alone(settings, new_keys):
    alice = cast.alice()
    new_keys()
    done = rotate_keys()
    assert (done.people, done.locked) == (1, 0)
    settings.MASTER_KEYS = f"new-master:{key('n')}"
    settings.DIGEST_KEYS = f"new-digest:{key('z')}"
    found = Subscriber.objects.with_number(cast.ALICE).get()
    assert (found, found.phone_number) == (alice, cast.ALICE)
    assert evidence(alice.events.get(kind=EventKind.CONFIRMED))["reply"] == "YES"
    assert "reply YES" in text_of(Message.objects.order_by("pk").first())


def test_a_stop_before_the_rotation_reached_the_person_is_seen_by_sending(new_keys):
    """The suppression goes under the digest that the person's row has, not under the newest."""
    alice = cast.alice()
    new_keys()
    stop_from_phone(cast.ALICE)
    assert is_suppressed(alice)
    assert Suppression.objects.get().number_digest == alice.number_digest
    alice.refresh_from_db()
    campaign = cast.started(cast.draft(), cast.NOON + cast.HOUR)
    cut_audience(campaign_id=campaign.pk, at=cast.NOON + cast.HOUR)
    said = [o["code"] for o in Message.objects.get(campaign=campaign).objections]
    assert said == ["consent_missing", "suppressed"]


def test_a_stop_that_began_before_the_rotation_goes_under_the_new_digest(new_keys):
    """Her page was opened before her row changed, and she presses stop after it."""
    alice = cast.alice()
    new_keys()
    rotate_keys()
    stop_all_texts(subscriber=alice, source=SuppressionSource.PAGE, at=cast.NOON + cast.HOUR)
    assert Suppression.objects.get().number_digest == Subscriber.objects.get().number_digest


@pytest.mark.parametrize("rotated_first", [True, False])
def test_half_done_it_lets_nothing_through(new_keys, monkeypatch, rotated_first):
    """Alice is rotated and frank is not, or the other way round: both noes still hold."""
    alice, frank = cast.alice(), cast.frank()
    suppress_number(e164=cast.ALICE, source=SuppressionSource.CARRIER, at=cast.NOON)
    new_keys()
    first = alice if rotated_first else frank
    monkeypatch.setattr(rotation, "_batches", lambda: iter([[first.pk]]))
    rotate_keys()
    keys = set(Subscriber.objects.values_list("digest_key_id", flat=True))
    assert keys == {"d1", "new-digest"}
    assert facts_of(alice) is None
    for message in Message.objects.filter(campaign__isnull=False):
        assert "suppressed" in [o["code"] for o in message.objections]
    for number in (cast.ALICE, cast.FRANK):
        assert number_is_suppressed(number)


def test_a_no_under_both_keys_becomes_one_and_is_lifted_whole(new_keys):
    """A stranger said stop under the old key and again under the new one."""
    stop_from_phone(cast.STRANGER, "a")
    new_keys()
    stop_from_phone(cast.STRANGER, "b")
    assert Suppression.objects.filter(lifted_at=None).count() == 2
    assert lift_suppression(e164=cast.STRANGER, at=cast.NOON + cast.HOUR)
    assert not number_is_suppressed(cast.STRANGER)


def test_the_no_of_an_erased_number_is_met_under_a_later_key(new_keys):
    erase_subscriber(
        subscriber=cast.alice(), actor_kind="subscriber", remember_no=True, at=cast.NOON
    )
    new_keys()
    done = rotate_keys()
    assert done.left["remembered noes"] == Counter({"d1": 1})
    with pytest.raises(Subscriber.DoesNotExist):
        cast.asked(cast.ALICE, at=cast.NOON + cast.DAY)


def test_links_and_codes_on_their_way_open_after_the_change(new_keys):
    alice = cast.alice()
    token = make_link(LinkScope.PREFERENCES, subscriber=alice, at=cast.NOON, good_for=cast.DAY)
    new_keys()
    assert find_link(LinkScope.PREFERENCES, token, at=cast.NOON) is not None


def test_cut_off_it_goes_on_where_it_ended(new_keys, monkeypatch):
    cast.alice()
    cast.bob()
    new_keys()
    monkeypatch.setattr(rotation, "BATCH", 1)
    calls: list[tuple[int, int]] = []

    def power_cut(people: int, total: int) -> None:
        calls.append((people, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_keys(tell=power_cut)
    assert calls == [(1, 2)]
    assert rows_per_key()["numbers"] == Counter({"k1": 1, "new-master": 1})
    assert rotate_keys().people == 1
    assert rotate_keys().people == 0


def test_the_command_says_what_is_left(new_keys):
    cast.alice()
    cast.frank()
    suppress_number(e164=cast.STRANGER, source=SuppressionSource.TEXT, at=cast.NOON)
    new_keys()
    said = io.StringIO()
    call_command("rotate_keys", stdout=said)
    for line in (
        "2 people are under the current keys now.",
        "numbers: 2 under 'new-master' (current)",
        "data keys: 2 under 'new-master' (current)",
        "digests of numbers: 2 under 'new-digest' (current)",
        "remembered noes: 1 under 'd1' (old: keep this key)",
        "remembered noes: 1 under 'new-digest' (current)",
    ):
        assert line in said.getvalue()
    assert "7700" not in said.getvalue()


def test_a_missing_key_is_said_and_the_others_are_done(settings, new_keys):
    cast.alice()
    settings.MASTER_KEYS = f"other:{key('o')}"
    cast.bob()
    new_keys()
    with pytest.raises(CommandError, match="1 people are under a key that is not configured"):
        call_command("rotate_keys", stdout=io.StringIO())
    assert rows_per_key()["numbers"] == Counter({"new-master": 1, "other": 1})


def test_one_person_who_cannot_be_written_does_not_end_the_run(new_keys, caplog):
    """Somebody else has the digest that the new key gives alice's number."""
    alice, bob = cast.alice(), cast.bob()
    new_keys()
    taken = numbers.digest(cast.ALICE)
    Subscriber.objects.create(
        created_at=cast.NOON, number_ciphertext=b"x", number_digest=taken, digest_key_id="other"
    )
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command("rotate_keys", stdout=said, stderr=said)
    bob.refresh_from_db()
    assert bob.digest_key_id == "new-digest"
    assert "1 people could not be written" in said.getvalue()
    assert f"subscriber {alice.pk}: the keys could not be changed" in caplog.text
    assert "7700" not in caplog.text


def test_a_bad_key_is_named(settings):
    settings.DIGEST_KEYS = "d1:!!"
    with pytest.raises(CommandError, match="DIGEST_KEYS, key 1"):
        call_command("rotate_keys", stdout=io.StringIO())


def in_thread(work: Callable[[], None], problems: list[BaseException]) -> threading.Thread:
    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=guarded)
    thread.start()
    return thread


def read_everyone_who_is_due() -> int:
    """As a turn does: lock, load, and open number and text of each."""
    with transaction.atomic():
        due = claim_campaign_texts(
            Sender.objects.get(), shares=Shares(), parts=50, at=timezone.now()
        ).messages
    # What does not decrypt comes without a number, and the gate would withhold it.
    assert all(each.to and each.key for each in due)
    return len(due)


@pytest.mark.django_db(transaction=True)
def test_under_load_nobody_is_lost_and_every_stop_holds(new_keys, monkeypatch):
    """Sending claims and people stop, while everyone's keys change."""
    cast.any_hour()
    people = [cast.confirmed(f"+4477009004{n:02d}") for n in range(24)]
    campaign = cast.started(cast.draft(), timezone.now())
    cut_audience(campaign_id=campaign.pk, at=timezone.now())
    new_keys()
    problems: list[BaseException] = []
    read: list[int] = []
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            read.append(read_everyone_who_is_due())

    def stop() -> None:
        for person in people[::3]:
            stop_all_texts(subscriber=person, source=SuppressionSource.PAGE, at=timezone.now())

    sending, stopping = in_thread(send, problems), in_thread(stop, problems)
    monkeypatch.setattr(rotation, "BATCH", 5)
    done = rotate_keys()
    stopping.join()
    over.set()
    sending.join()
    assert (problems, done.people, done.locked) == ([], len(people), 0)
    assert max(read) > 0
    assert {s.digest_key_id for s in Subscriber.objects.all()} == {"new-digest"}
    silent = Suppression.objects.filter(lifted_at=None).values("number_digest")
    stopped = Subscriber.objects.filter(number_digest__in=silent)
    assert {s.pk for s in stopped} == {person.pk for person in people[::3]}
