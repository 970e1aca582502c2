"""What refuses to start: a demo that could touch real people, a site that names or reaches
nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections, router
from django.utils.module_loading import import_string

from messaging import gate
from messaging.providers.base import Provider
from messaging.providers.console import Console
from messaging.providers.simulator import Simulator
from subscribers.models import Subscriber

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A campaign of which half fails has failed.
HIGHEST_LIMIT = 50
AppConfigs = Sequence[AppConfig] | None


@register()
def check_providers(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """The simulator stands alone, and in the demo only."""
    found: list[CheckMessage] = [_broken(name) for name in _broken_providers()]
    if not _named(Simulator):
        return found
    if len(settings.SMS_PROVIDERS) > 1:
        found.append(
            Error(
                "The simulated carrier is configured beside another provider.",
                hint="Name one or the other in SMS_PROVIDERS.",
                id="messaging.E001",
            )
        )
    if not settings.DEMO:
        found.append(
            Error(
                "The simulated carrier is configured outside the demo.",
                hint="Set DEMO=1, or name a real provider in SMS_PROVIDERS.",
                id="messaging.E002",
            )
        )
    return found


@register(Tags.database)
def check_people(
    app_configs: AppConfigs, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Nobody real is in a database that the simulated carrier works on."""
    alias = router.db_for_read(Subscriber)
    if not _named(Simulator) or alias not in (databases or ()) or not _has_people(alias):
        return []
    return [
        Error(
            "There are people in the database who are not sample data, and the simulated carrier "
            "is configured.",
            hint="Use another database for the demo.",
            id="messaging.E003",
        )
    ]


@register()
def check_demo_stays_local(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """The demo neither calls nor is called from another machine."""
    if not settings.DEMO:
        return []
    return [
        Error(
            f"{name} names another machine, and this is the demo.",
            hint="The demo works on 127.0.0.1 only.",
            id="messaging.E004",
        )
        for name in ("PUBLIC_URL", "RECEIPTS_URL", "CARRIER_URL")
        if (address := getattr(settings, name)) and not _is_local(address)
    ]


def _is_local(address: str) -> bool:
    try:
        return urlsplit(address).hostname in LOOPBACK
    except ValueError:
        return False


@register()
def check_organization(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """Texts and pages say who is speaking and where help is."""
    return [
        Warning(
            f"{name} is empty: texts and pages cannot say {what}.",
            hint=f"Set {name}.",
            id=code,
        )
        for name, what, code in (
            ("ORGANIZATION", "who sends them", "messaging.W001"),
            ("HELP_CONTACT", "where help is", "messaging.W002"),
        )
        if not getattr(settings, name)
    ]


@register()
def check_gate(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """No change of the code may drop a rule without which a campaign text must not exist."""
    wanted = (
        ("MARKETING_RULES", gate.MARKETING_RULES, gate.MANDATORY_FOR_MARKETING),
        ("SERVICE_RULES", gate.SERVICE_RULES, gate.MANDATORY),
    )
    return [
        Error(
            f"The rule {rule.__name__} is missing from {name}.",
            hint="Put it back into messaging/gate.py.",
            id="messaging.E006",
        )
        for name, rules, mandatory in wanted
        for rule in mandatory
        if rule not in {type(each) for each in rules}
    ]


@register()
def check_breaker(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """No setting switches the breaker or the watch over the first texts off."""
    watch = {
        name: getattr(settings, name)
        for name in ("CANARY_WATCH_SECONDS", "CANARY_SHORTEST_WATCH_SECONDS")
    }
    names = [
        f"BREAKER_{code.upper()}_PERCENT"
        for code, percent in settings.BREAKER_PERCENT.items()
        if not 0 < percent <= HIGHEST_LIMIT
    ]
    names += [name for name, seconds in watch.items() if seconds < 0]
    return [
        Error(
            f"{name} is out of range: the breaker could not stop a campaign.",
            hint=f"A percentage is above 0 and at most {HIGHEST_LIMIT}, a time is not negative.",
            id="messaging.E008",
        )
        for name in names
    ]


@register(deploy=True)
def check_public_url(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """Links in texts need a host."""
    if _has_host(settings.PUBLIC_URL):
        return []
    return [
        Error(
            "PUBLIC_URL is not an absolute address.",
            hint="Set it to where people reach the site, such as https://texts.example.org.",
            id="messaging.E007",
        )
    ]


@register(deploy=True)
def check_receipts_url(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """So do the addresses of receipts, where they are others."""
    if settings.RECEIPTS_URL == settings.PUBLIC_URL or _has_host(settings.RECEIPTS_URL):
        return []
    return [
        Error(
            "RECEIPTS_URL is not an absolute address.",
            hint="Set it to where providers reach the inbox, or leave it out.",
            id="messaging.E010",
        )
    ]


def _has_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


@register(deploy=True)
def check_texts_leave(app_configs: AppConfigs, **options: Any) -> list[CheckMessage]:
    """A site in production whose texts are printed reaches nobody, and its logs hold codes."""
    return [
        Error(
            f"The provider {name!r} in SMS_PROVIDERS prints texts instead of sending them.",
            hint="Name a provider that sends; docs/adding-a-provider.md shows how to add one.",
            id="messaging.E009",
        )
        for name in _named(Console)
    ]


def _provider_class(path: str) -> object:
    try:
        return import_string(path)
    except ImportError:
        return None


def _named(kind: type[Provider]) -> list[str]:
    """The names in SMS_PROVIDERS that stand for a provider of this kind."""
    classes = {name: _provider_class(path) for name, path in settings.SMS_PROVIDERS.items()}
    return [
        name
        for name, found in classes.items()
        if isinstance(found, type) and issubclass(found, kind)
    ]


def _broken_providers() -> list[str]:
    return [name for name, path in settings.SMS_PROVIDERS.items() if not _provider_class(path)]


def _broken(name: str) -> CheckMessage:
    return Error(
        f"The provider {name!r} in SMS_PROVIDERS cannot be imported.",
        hint="Give the dotted path of a class.",
        id="messaging.E005",
    )


def _has_people(alias: str) -> bool:
    # `migrate` runs the database checks before the first table exists.
    if "subscribers_subscriber" not in connections[alias].introspection.table_names():
        return False
    return Subscriber.objects.using(alias).filter(is_sample=False).exists()
