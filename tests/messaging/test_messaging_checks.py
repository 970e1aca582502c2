from __future__ import annotations

import pytest
from django.core.checks import CheckMessage, run_checks
from django.utils import timezone
from pytest_django import Settings

from messaging import gate
from messaging.checks import check_gate, check_public_url, check_receipts_url, check_texts_leave
from messaging.lanes.submission import connected
from messaging.providers.errors import OutOfPlace
from messaging.providers.simulator import Simulator
from messaging.rules.permission import NotSuppressed
from subscribers.models import Subscriber

SIMULATOR = "messaging.providers.simulator.Simulator"
CONSOLE = "messaging.providers.console.Console"


def ids(found: list[CheckMessage]) -> set[str]:
    return {str(one.id) for one in found if str(one.id).startswith("messaging.")}


def test_the_demo_passes(settings: Settings) -> None:
    settings.SMS_PROVIDERS = {"simulator": SIMULATOR}
    assert ids(run_checks()) == set()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"SMS_PROVIDERS": {"simulator": SIMULATOR, "console": CONSOLE}}, "messaging.E001"),
        ({"DEMO": False}, "messaging.E002"),
        ({"PUBLIC_URL": "https://example.com"}, "messaging.E004"),
        ({"RECEIPTS_URL": "https://example.com"}, "messaging.E004"),
        ({"CARRIER_URL": "http://10.0.0.1:80"}, "messaging.E004"),
        ({"CARRIER_URL": "http://127.0.0.1.example.com"}, "messaging.E004"),
        ({"CARRIER_URL": "http://["}, "messaging.E004"),
        ({"SMS_PROVIDERS": {"pigeon": "pigeons.Pigeon"}}, "messaging.E005"),
        ({"BREAKER_PERCENT": {"failure": 100.0}}, "messaging.E008"),
        ({"BREAKER_PERCENT": {"opt_out": 0.0}}, "messaging.E008"),
        ({"CANARY_WATCH_SECONDS": -1}, "messaging.E008"),
        ({"ORGANIZATION": ""}, "messaging.W001"),
        ({"HELP_CONTACT": ""}, "messaging.W002"),
    ],
)
def test_each_danger_has_its_id(changed: dict[str, object], code: str, settings: Settings) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    assert ids(run_checks()) == {code}


def test_outside_the_demo_addresses_may_be_anywhere(settings: Settings) -> None:
    settings.DEMO = False
    settings.SMS_PROVIDERS = {"console": CONSOLE}
    settings.PUBLIC_URL = settings.RECEIPTS_URL = "https://example.com"
    assert ids(run_checks()) == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("is_sample", "providers", "found"),
    [
        (False, {"simulator": SIMULATOR}, {"messaging.E003"}),
        (True, {"simulator": SIMULATOR}, set()),
        (False, {"console": CONSOLE}, set()),
    ],
)
def test_people_and_the_simulator_never_meet(
    is_sample: bool, providers: dict[str, str], found: set[str], settings: Settings
) -> None:
    settings.SMS_PROVIDERS = providers
    person = Subscriber(created_at=timezone.now(), is_sample=is_sample)
    person.phone_number = "+447700900131"
    person.save()
    assert ids(run_checks(databases=["default"])) == found
    assert "messaging.E003" not in ids(run_checks())


def test_the_simulator_looks_again_before_it_carries_a_text(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(OutOfPlace):
        connected("simulator")


@pytest.mark.django_db
@pytest.mark.parametrize("is_sample", [True, False])
def test_people_who_came_later_do_not_meet_it_either(is_sample: bool) -> None:
    person = Subscriber(created_at=timezone.now(), is_sample=is_sample)
    person.phone_number = "+447700900131"
    person.save()
    if is_sample:
        Simulator("simulator").check_place()
        return
    with pytest.raises(OutOfPlace):
        Simulator("simulator").check_place()


def test_a_gate_without_a_mandatory_rule_is_refused(monkeypatch):
    assert check_gate(None) == []
    without = tuple(r for r in gate.MARKETING_RULES if not isinstance(r, NotSuppressed))
    monkeypatch.setattr(gate, "MARKETING_RULES", without)
    [error] = check_gate(None)
    assert error.id == "messaging.E006"
    assert "NotSuppressed" in error.msg


@pytest.mark.parametrize(("address", "ids"), [("", ["messaging.E007"]), ("https://a.example", [])])
def test_texts_need_an_absolute_address(settings, address, ids):
    settings.PUBLIC_URL = address
    assert [found.id for found in check_public_url(None)] == ids


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ("receipts.example", ["messaging.E010"]),
        ("http://[", ["messaging.E010"]),
        ("https://a.example", []),
    ],
)
def test_so_do_receipts(settings, address, ids):
    settings.RECEIPTS_URL = address
    assert [found.id for found in check_receipts_url(None)] == ids


@pytest.mark.parametrize(
    ("path", "ids"),
    [(CONSOLE, ["messaging.E009"]), ("tests.pigeon.Pigeon", []), ("pigeons.Pigeon", [])],
)
def test_in_production_texts_are_not_only_printed(settings, path, ids):
    settings.SMS_PROVIDERS = {"ours": path}
    assert [found.id for found in check_texts_leave(None)] == ids
