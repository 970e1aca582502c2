"""What a person chooses within what they agreed to."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from consent.models import Consent, Preference, Purpose
from subscribers.models import Subscriber
from subscribers.operations import lock_subscriber


class UnableToChoose(ValueError):
    """A frequency needs both a number of texts and a number of days."""


@transaction.atomic
def choose_frequency(
    *, subscriber: Subscriber, purpose: Purpose, texts: int | None, days: int | None
) -> None:
    """At most `texts` in `days` days; both None: as the notice promised."""
    if (texts is None) != (days is None):
        raise UnableToChoose
    lock_subscriber(subscriber)
    Preference.objects.update_or_create(
        subscriber=subscriber,
        purpose=purpose,
        defaults={"chosen_texts": texts, "chosen_days": days},
    )


@transaction.atomic
def pause(*, subscriber: Subscriber, until: datetime | None) -> None:
    """No campaign texts for any purpose until then; None: go on as agreed."""
    lock_subscriber(subscriber)
    for purpose_id in Consent.objects.filter(subscriber=subscriber).values_list(
        "purpose_id", flat=True
    ):
        Preference.objects.update_or_create(
            subscriber=subscriber, purpose_id=purpose_id, defaults={"paused_until_at": until}
        )
