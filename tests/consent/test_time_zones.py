from __future__ import annotations

import pytest

from consent.forms import Settings
from consent.time_zones import time_zone_choices
from subscribers.models import Subscriber
from tests import cast


def offered(kept: str = "") -> dict[str, str]:
    """{zone: name} of all that can be chosen."""
    flat: dict[str, str] = {}
    for value, named in time_zone_choices(kept):
        flat |= dict(named) if isinstance(named, list) else {str(value): str(named)}
    return flat


def test_zones_are_named_by_place_and_country():
    assert offered()["America/New_York"] == "New York, United States"
    assert offered()["America/Argentina/Buenos_Aires"] == "Buenos Aires, Argentina"


def test_each_place_is_offered_once_and_by_its_present_name():
    assert "Asia/Kolkata" in offered()
    assert not {"Asia/Calcutta", "America/Buenos_Aires", "Europe/Kiev"} & set(offered())
    names = [name for zone, name in offered().items() if zone]
    assert len(names) == len(set(names))


@pytest.mark.django_db
def test_an_older_name_stays_valid_for_whoever_has_it():
    alice = cast.alice()
    Subscriber.objects.filter(pk=alice.pk).update(time_zone="Asia/Calcutta")
    alice.refresh_from_db()
    form = Settings(alice, {"language": "en", "time_zone": "Asia/Calcutta"})
    assert form.is_valid()
    assert "Calcutta" in offered("Asia/Calcutta")["Asia/Calcutta"]
    assert not Settings(cast.alice(), {"language": "en", "time_zone": "Nowhere"}).is_valid()
