"""S16: never more often than the accepted notice promised, nor than the law of the place allows."""

from __future__ import annotations

from django.utils import timezone

from messaging.models import Campaign, Message, MessageState
from tests import cast


def short_lived(body: str, purpose) -> Campaign:
    """Useful for an hour, so that "not now" is soon "never"."""
    campaign = cast.draft(body, purpose)
    campaign.useful_hours = 1
    campaign.save()
    return campaign


def outcome(campaign: Campaign) -> tuple[str, list[str]]:
    message = Message.objects.get(campaign=campaign)
    return message.state, [objection["code"] for objection in message.objections]


def test_a_second_text_in_the_promised_week_does_not_leave(town):
    """The box said: at most one text in seven days."""
    town.join(cast.ALICE, "offers")
    town.run(short_lived("Mugs are in.", cast.offers()))
    town.phone(cast.ALICE).gets("Mugs are in.")
    second = town.run(short_lived("Mugs are half price.", cast.offers()))
    assert outcome(second) == (MessageState.WITHHELD, ["promise_reached"])
    assert not any("half price" in text for text in town.phone(cast.ALICE).texts())


def test_two_campaigns_at_once_share_the_promise(town):
    """Both are due in the same second, and whoever is first is the only one."""
    town.join(cast.ALICE, "offers")
    both = [short_lived(words, cast.offers()) for words in ("Mugs are in.", "Pens are in.")]
    for campaign in both:
        cast.started(campaign, timezone.now())
    states = {outcome(town.finished(campaign))[0] for campaign in both}
    assert MessageState.WITHHELD in states
    assert len(states) == 2
    assert len([text for text in town.phone(cast.ALICE).texts() if "are in" in text]) == 1


def test_the_cap_of_the_law_counts_every_purpose(town):
    """Three in a day is the most; the fourth was promised, and waits all the same."""
    town.join(cast.ALICE, "news", "offers")
    for words, purpose in (
        ("One.", cast.news()), ("Two.", cast.news()), ("Three.", cast.offers()),
    ):  # fmt: skip
        town.run(short_lived(words, purpose))
    fourth = town.run(short_lived("Four.", cast.news()))
    assert outcome(fourth) == (MessageState.WITHHELD, ["cap_reached"])
