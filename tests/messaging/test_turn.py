from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.models import Hold, SuppressionSource
from consent.operations.holds import release_hold
from consent.operations.preferences import choose_frequency, pause
from consent.operations.withdrawal import stop_all_texts
from messaging import facts
from messaging.approvals import content_hash
from messaging.lanes.turn import Lane, begin_turn
from messaging.lanes.wire import wire
from messaging.limiter import Load, SharedRates
from messaging.models import (
    Campaign,
    CampaignStatus,
    Message,
    MessageKind,
    MessageState,
    RateLimit,
    Sender,
)
from messaging.operations.audience import cut_audience, cut_started
from messaging.operations.campaigns import pause_campaign, start_campaign
from messaging.operations.freeze import freeze_sending
from messaging.providers.errors import UnknownProvider
from messaging.statistics import progress
from messaging.texts import text_of
from subscribers.models import Attribute, Segment
from tests import cast
from tests.turns import fly, take_turn

pytestmark = pytest.mark.django_db

AT = cast.NOON + cast.DAY


@pytest.fixture
def campaign(carrier):
    """Started, for a list of alice, bob (pending), carol (withdrew) and frank (stopped)."""
    for person in (cast.alice(), cast.bob(), cast.carol(), cast.frank()):
        cast.everyone().memberships.get_or_create(subscriber=person, defaults={"added_at": AT})
    return cast.started(cast.draft(), AT)


def outcome(campaign, person):
    message = Message.objects.get(campaign=campaign, subscriber=person)
    return message.state, [objection["code"] for objection in message.objections]


def sent(carrier):
    return [(entry["number"], entry["text"]) for entry in carrier.log()]


def test_only_whoever_said_yes_gets_the_text(campaign, carrier):
    assert cut_audience(campaign_id=campaign.pk, at=AT) == 4
    take_turn(cast.sender(), marketing=True, at=AT)
    text = "Harbor Street Library: Open late on Friday. Reply STOP to end."
    assert sent(carrier) == [(cast.ALICE, text)]


def test_everyone_else_has_a_row_that_says_why(campaign):
    cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert outcome(campaign, cast.alice()) == (MessageState.ACCEPTED, [])
    assert outcome(campaign, cast.bob()) == (MessageState.WITHHELD, ["consent_missing"])
    assert outcome(campaign, cast.carol()) == (MessageState.WITHHELD, ["consent_missing"])
    reasons = ["consent_missing", "suppressed"]
    assert outcome(campaign, cast.frank()) == (MessageState.WITHHELD, reasons)
    counted = progress(campaign)
    assert (counted.audience, counted.sent, counted.waiting) == (4, 1, 0)


def test_the_text_as_sent_is_kept_encrypted(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    message = Message.objects.get(campaign=campaign, state=MessageState.ACCEPTED)
    assert text_of(message).startswith("Harbor Street Library: Open late")
    assert b"Friday" not in bytes(message.text_ciphertext)


def test_a_stop_after_the_audience_was_cut_still_holds(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    stop_all_texts(subscriber=cast.alice(), source=SuppressionSource.TEXT, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert sent(carrier) == []
    assert outcome(campaign, cast.alice())[0] == MessageState.WITHHELD


def test_a_hold_puts_off_until_it_is_decided(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    due_at = AT + 2 * cast.HOUR
    hold = Hold.objects.create(
        subscriber=cast.alice(), reason="unclear", since_at=AT, due_at=due_at
    )
    take_turn(cast.sender(), marketing=True, at=AT)
    assert sent(carrier) == []
    waiting = Message.objects.get(campaign=campaign, subscriber=cast.alice())
    assert (waiting.state, waiting.send_after) == (MessageState.QUEUED, due_at)
    officer = cast.staff("privacy", "Privacy officer")
    release_hold(actor=officer, hold=hold, reason="a question", at=AT + cast.HOUR)
    take_turn(cast.sender(), marketing=True, at=due_at)
    assert outcome(campaign, cast.alice())[0] == MessageState.ACCEPTED


def test_a_pause_within_the_useful_life_only_defers(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    pause(subscriber=cast.alice(), until=AT + cast.HOUR)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert outcome(campaign, cast.alice()) == (MessageState.QUEUED, ["paused_by_person"])
    take_turn(cast.sender(), marketing=True, at=AT + cast.HOUR)
    assert outcome(campaign, cast.alice())[0] == MessageState.ACCEPTED


def test_a_pause_beyond_the_useful_life_withholds(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    pause(subscriber=cast.alice(), until=AT + 7 * cast.DAY)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert outcome(campaign, cast.alice()) == (MessageState.WITHHELD, ["paused_by_person"])


def test_nobody_gets_more_than_the_notice_promised(carrier):
    cast.alice()
    for number in range(5):
        at = AT + 2 * number * cast.DAY
        campaign = cast.started(cast.draft(f"Number {number}."), at)
        cut_audience(campaign_id=campaign.pk, at=at)
        take_turn(cast.sender(), marketing=True, at=at)
    assert len(sent(carrier)) == 4
    assert outcome(campaign, cast.alice()) == (MessageState.WITHHELD, ["promise_reached"])


def test_two_campaigns_in_one_turn_count_together(carrier):
    alice = cast.alice()
    choose_frequency(subscriber=alice, purpose=cast.news(), texts=1, days=7)
    first, second = (cast.started(cast.draft(name), AT) for name in ("One.", "Two."))
    for campaign in (first, second):
        cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert len(sent(carrier)) == 1
    codes = sorted(code for c in (first, second) for code in outcome(c, alice)[1])
    assert codes == ["chosen_frequency_reached"]


def test_a_paused_campaign_sends_nothing(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    pause_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    assert take_turn(cast.sender(), marketing=True, at=AT).claimed == 0
    assert sent(carrier) == []


def test_a_freeze_holds_everything_back(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    freeze_sending(actor=cast.staff("head", "Administrator"), reason="wrong text", at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert sent(carrier) == []
    assert outcome(campaign, cast.alice()) == (MessageState.QUEUED, ["sending_frozen"])


@pytest.mark.parametrize(
    ("switches", "state"),
    [
        ({"failure": "reject"}, MessageState.REJECTED),
        ({"failure": "throttle"}, MessageState.QUEUED),
        ({"failure": "server_error_after_accepting"}, MessageState.UNKNOWN),
        ({"lost_responses": 100}, MessageState.UNKNOWN),
    ],
)
def test_a_failing_carrier_leads_to_the_right_state(campaign, carrier, switches, state):
    carrier.switch(**switches)
    cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT)
    assert outcome(campaign, cast.alice())[0] == state


def test_an_unclear_end_is_never_sent_again(campaign, carrier):
    carrier.switch(lost_responses=100)
    cut_audience(campaign_id=campaign.pk, at=AT)
    for _ in range(3):
        take_turn(cast.sender(), marketing=True, at=AT)
    assert len(sent(carrier)) == 1
    message = Message.objects.get(campaign=campaign, state=MessageState.UNKNOWN)
    assert [attempt.number for attempt in message.attempts.all()] == [1]


def test_a_late_text_is_not_sent_late(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    take_turn(cast.sender(), marketing=True, at=AT + 2 * cast.DAY)
    assert sent(carrier) == []
    assert outcome(campaign, cast.alice()) == (MessageState.LAPSED, [])


def test_a_confirmation_text_leaves_for_someone_pending(carrier):
    bob = cast.bob()
    take_turn(cast.sender(), marketing=False, at=cast.NOON)
    [(number, text)] = sent(carrier)
    assert number == cast.BOB
    assert "reply YES" in text
    assert Message.objects.get(subscriber=bob).kind == MessageKind.CONFIRMATION


def test_one_unreadable_row_does_not_hold_up_the_others(carrier):
    alice, frank = cast.alice(), cast.confirmed(cast.FRANK)
    campaign = cast.started(cast.draft(), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    alice.subject_key.wrapped_key = frank.subject_key.wrapped_key
    alice.subject_key.save()
    take_turn(cast.sender(), marketing=True, at=AT)
    assert outcome(campaign, alice) == (MessageState.WITHHELD, ["number_unknown"])
    assert [number for number, _text in sent(carrier)] == [cast.FRANK]


def test_a_sender_without_provider_claims_nothing(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    lost = cast.sender()
    lost.provider = "gone"
    lost.save()
    with pytest.raises(UnknownProvider):
        take_turn(lost, marketing=True, at=AT)
    assert outcome(campaign, cast.alice())[0] == MessageState.QUEUED


def test_a_segment_that_became_unreadable_pauses_its_campaign_only(carrier):
    cast.alice()
    broken, fine = cast.draft("Broken."), cast.draft("Fine.")
    rule = {"criterion": "attribute", "field": "branch", "operator": "is", "value": "North"}
    branch = Attribute.objects.create(code="branch", label="Branch", kind="text", reason="news")
    broken.segment = Segment.objects.create(name="North", rule={"not": rule})
    broken.save()
    for campaign in (broken, fine):
        cast.started(campaign, AT)
    branch.delete()
    cut_started(at=AT)
    broken.refresh_from_db()
    assert broken.status == CampaignStatus.PAUSED
    assert progress(fine).audience == 1


def test_a_superseded_confirmation_text_does_not_leave(carrier):
    cast.bob()
    cast.asked(cast.BOB, cast.offers(), at=cast.NOON + 2 * cast.MINUTE)
    take_turn(cast.sender(), marketing=False, at=cast.NOON + 3 * cast.MINUTE)
    [(_number, text)] = sent(carrier)
    assert "Offers of the library shop" in text


def test_a_confirmation_text_that_was_put_back_cannot_be_answered(carrier):
    carrier.switch(failure="throttle")
    bob = cast.bob()
    bob.confirmations.update(text_left_at=None)
    take_turn(cast.sender(), marketing=False, at=cast.NOON)
    assert bob.confirmations.get().text_left_at is None


def test_waiting_for_a_throttled_provider_does_not_use_up_other_tries(campaign, carrier):
    cut_audience(campaign_id=campaign.pk, at=AT)
    Message.objects.filter(campaign=campaign, state=MessageState.QUEUED).update(attempts_made=9)
    carrier.switch(failure="throttle")
    take_turn(cast.sender(), marketing=True, at=AT)
    assert outcome(campaign, cast.alice())[0] == MessageState.QUEUED


HELLO = "Hello {first_name|friend}. " + "a" * 60


def known_as(person, name):
    Attribute.objects.get_or_create(
        code="first_name", defaults={"label": "First name", "kind": "text", "reason": "to greet"}
    )
    person.attributes = {"first_name": name}
    person.save()
    return person


def test_each_text_is_charged_the_parts_that_it_really_has(carrier):
    slow = cast.sender(parts_per_second=0.01)
    known_as(cast.alice(), "Ana")
    known_as(cast.confirmed(cast.FRANK), "Łucja")
    campaign = cast.started(cast.draft(HELLO), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    rows = Message.objects.filter(campaign=campaign).order_by("subscriber_id")
    assert list(rows.values_list("parts", flat=True)) == [3, 3]
    take_turn(slow, marketing=True, at=AT)
    assert list(rows.values_list("parts", flat=True)) == [1, 2]
    assert [text.split()[4] for _number, text in sorted(sent(carrier))] == ["Ana.", "Łucja."]
    assert progress(campaign).parts == 3
    assert SharedRates.of(slow).room().parts == slow.burst - 3


def test_the_audience_is_cut_with_the_most_that_a_text_may_take(carrier):
    """So a turn claims no more than could leave, and charges what really does."""
    known_as(cast.alice(), "Łucja")
    sender = cast.sender()
    sender.burst = 4
    sender.parts_per_second = Decimal("0.01")
    sender.save()
    for number in (cast.BOB, cast.CAROL):
        known_as(cast.confirmed(number), "Łucja")
    campaign = cast.started(cast.draft(HELLO), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    assert [take_turn(sender, marketing=True, at=AT).left for _ in range(3)] == [2, 0, 0]
    assert SharedRates.of(sender).room().parts == 0


def test_what_is_loaded_of_a_batch_stays_one_statement(carrier, monkeypatch):
    known_as(cast.alice(), "Ana")
    for number in range(10):
        known_as(cast.confirmed(f"+4477009001{number:02d}"), f"Name {number}")
    campaign = cast.started(cast.draft(HELLO), AT)
    cut_audience(campaign_id=campaign.pk, at=AT)
    loaded, rows = [], facts.rows
    monkeypatch.setattr(facts, "rows", lambda *asked: loaded.append(1) or rows(*asked))
    with CaptureQueriesContext(connection) as asked:
        take_turn(cast.sender(), marketing=True, at=AT)
    assert len(sent(carrier)) == 11
    assert len(loaded) == 1
    # Once for the approval and once for the words, whatever the size of the batch.
    statements = [query["sql"] for query in asked]
    assert len([each for each in statements if "subscribers_attribute" in each]) == 2


def test_words_that_cannot_be_read_do_not_leave(carrier):
    """Whatever wrote them, past the page and past the rules."""
    cast.alice()
    campaign = cast.draft("Hello {first_name}")
    Campaign.objects.filter(pk=campaign.pk).update(
        status=CampaignStatus.APPROVED, approved_by=cast.approver(), approved_at=AT,
        approved_hash=content_hash(campaign),
    )  # fmt: skip
    start_campaign(actor=cast.approver(), campaign=campaign, at=AT)
    cut_started(at=AT)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.PAUSED
    take_turn(cast.sender(), marketing=True, at=AT)
    assert sent(carrier) == []


def test_a_text_that_left_late_takes_another_slot(campaign, carrier):
    """While we stood still, its own passed unused: all of them at once would be too fast."""
    Sender.objects.update(parts_per_second="0.01", burst=9)
    cut_audience(campaign_id=campaign.pk, at=AT)
    lane = Lane(cast.sender().pk, marketing=True)
    flight = begin_turn(lane, wire(), at=AT).flight
    fly(replace(flight, reserved_at=flight.reserved_at - 1))
    assert len(sent(carrier)) == 1
    rates = SharedRates.of(Sender.objects.get(pk=lane.sender_id))
    assert rates.room().parts == 8
    begin_turn(lane, wire(), at=AT)
    assert rates.room().parts == 7


@pytest.mark.parametrize(
    ("rate", "countries", "lead"), [(100_000, [], 0.0), (10, [], 0.3), (100_000, ["FR"], 0.3)]
)
def test_only_who_may_be_held_back_by_a_rate_gets_slots_ahead(campaign, rate, countries, lead):
    """Whoever says STOP would wait for them, too. Also after texts that had left late."""
    for country in countries:
        RateLimit.objects.create(
            provider="simulator", country=country, parts_per_second=10, burst=1
        )
    Sender.objects.filter(pk=cast.sender().pk).update(parts_per_second=rate, burst=100)
    cut_audience(campaign_id=campaign.pk, at=AT)
    lane = Lane(cast.sender().pk, marketing=True, lead=0.3)
    wire().late(lane.sender_id).append(Load(1))
    flight = begin_turn(lane, wire(), at=AT).flight
    assert [text.starts_after for text in flight.texts] == [pytest.approx(lead, abs=1e-4)]
