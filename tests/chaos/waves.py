"""New people and several campaigns over all of them, released together."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils import timezone

from consent.circumstances import Circumstances
from consent.models import Purpose
from consent.operations.withdrawal import withdraw_consent
from messaging.models import Campaign, Sender
from subscribers.models import ListMembership, Subscriber, SubscriberList
from tests import cast

PARTS_PER_SECOND, BURST = 6, 3
SENDERS = ("Library", "North branch", "South branch")
# Of the promise "at most one text in seven days" three campaigns want the same people.
PURPOSES = ("news", "offers", "offers", "news", "offers")


@dataclass
class Wave:
    """`people` said yes to everything; nobody of `others` may be texted at all."""

    number: int
    people: list[str]
    others: list[str]
    campaigns: list[Campaign] = field(default_factory=list)
    # By the id of their row.
    numbers: dict[int, str] = field(default_factory=dict)

    @property
    def everyone(self) -> list[str]:
        return self.people + self.others


def senders() -> None:
    """Three, each with its own lanes; the first carries the system texts too."""
    cast.sender()
    for number, name in enumerate(SENDERS[1:], 1):
        Sender.objects.get_or_create(
            name=name,
            defaults={
                "provider": "simulator",
                "address": f"+44770090090{number}",
                "parts_per_second": 1,
            },
        )
    Sender.objects.update(parts_per_second=PARTS_PER_SECOND, burst=BURST)


def wave(number: int, *, size: int) -> Wave:
    """People who signed up yesterday: `size` who agreed, one who never answered, one who left."""
    first = 1000 + number * (size + 2)
    numbers = [f"+44770090{first + each:04d}" for each in range(size + 2)]
    yesterday = timezone.now() - cast.DAY
    for e164 in numbers[:-1]:
        cast.confirmed(e164, cast.news(), cast.offers(), at=yesterday)
    cast.asked(numbers[-1], cast.news(), cast.offers(), at=yesterday)
    for code in ("news", "offers"):
        withdraws(numbers[-2], code)
    made = Wave(number, numbers[:-2], numbers[-2:])
    readers = SubscriberList.objects.create(name=f"Wave {number}")
    made.numbers = {person(e164).pk: e164 for e164 in numbers}
    ListMembership.objects.bulk_create(
        ListMembership(subscriber_list=readers, subscriber_id=id, added_at=yesterday)
        for id in made.numbers
    )
    made.campaigns = [_draft(made, readers, nth) for nth in range(len(PURPOSES))]
    return made


def _draft(about: Wave, readers: SubscriberList, nth: int) -> Campaign:
    purpose = cast.offers() if PURPOSES[nth] == "offers" else cast.news()
    campaign = cast.draft(f"Open late, note {about.number}-{nth}.", purpose)
    campaign.name = f"Note {about.number}-{nth}"
    campaign.subscriber_list = readers
    campaign.sender = Sender.objects.get(name=SENDERS[nth % len(SENDERS)])
    # Useful for less than the promised week: "not now" is then "never", and the wave ends.
    campaign.useful_hours = 1
    campaign.save()
    return campaign


def release(about: Wave) -> None:
    for campaign in about.campaigns:
        cast.started(campaign, timezone.now())


def person(e164: str) -> Subscriber:
    return Subscriber.objects.with_number(e164).get()


def withdraws(e164: str, code: str) -> None:
    """On their own page; returns when nothing permitted before can still leave."""
    withdraw_consent(
        subscriber=person(e164),
        purpose=Purpose.objects.get(code=code),
        circumstances=Circumstances(),
        at=timezone.now(),
    )
