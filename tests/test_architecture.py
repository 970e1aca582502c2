"""The law of the house, where a machine can hold it."""

from __future__ import annotations

import ast
import inspect
import re
from datetime import datetime
from pathlib import Path
from typing import get_type_hints

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from config.queues import QUEUES
from consent.models import ConsentEvent, Hold, NoticeVersion, PolicyOverride, Purpose, SignupForm
from governance.models import StaffUser
from messaging import gate
from messaging.models import Campaign
from messaging.rules.content import CONTENT_RULES
from subscribers.authorization import NotAuthorized
from subscribers.models import Subscriber
from subscribers.privacy import personal_data_stores
from tests import cast

ROOT = Path(__file__).resolve().parent.parent
OURS = ("config", "governance", "messaging", "consent", "subscribers")
CODE = [p for app in OURS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]
STAFF_OPERATIONS = [
    "consent.operations.policy.override_policy",
    "consent.operations.policy.end_override",
    "consent.operations.publishing.publish_notice_version",
    "consent.operations.publishing.draft_from",
    "consent.operations.publishing.publish_form",
    "consent.operations.publishing.unpublish_form",
    "consent.operations.corrections.correct_event",
    "consent.operations.corrections.keep_imported_evidence",
    "consent.operations.holds.place_hold",
    "consent.operations.holds.release_hold",
    "consent.operations.holds.stop_held_person",
    "consent.operations.staff.stop_for_person",
    "consent.operations.staff.erase_for_person",
    "consent.operations.staff.restrict_person",
    "consent.operations.staff.lift_restriction",
    "consent.operations.staff.revoke_links_for_person",
    "messaging.operations.campaigns.note_author",
    "messaging.operations.campaigns.submit_campaign",
    "messaging.operations.campaigns.approve_campaign",
    "messaging.operations.campaigns.return_to_draft",
    "messaging.operations.campaigns.start_campaign",
    "messaging.operations.campaigns.pause_campaign",
    "messaging.operations.campaigns.resume_campaign",
    "messaging.operations.campaigns.cancel_campaign",
    "messaging.operations.campaigns.restart_campaign",
    "messaging.operations.evidence.export_evidence",
    "messaging.operations.freeze.freeze_sending",
    "messaging.operations.freeze.release_sending",
    "messaging.operations.words.use_replacements",
]
# Everything else must turn a visitor away who has not signed in as staff.
PUBLIC = {
    "healthz", "consent:home", "consent:signup", "consent:confirm", "consent:done",
    "consent:preferences", "consent:preferences_code", "consent:preferences_link",
    "consent:choices", "consent:withdraw", "consent:stop", "consent:pause", "consent:frequency",
    "consent:settings", "consent:revoke_links",
    "consent:leave", "consent:prove", "consent:erase", "consent:erased",
    "consent:copy", "consent:copy_as_json", "consent:new_number", "consent:number_code",
    "consent:privacy", "consent:notice", "consent:guardian_asked",
    "consent:receipts", "consent:receipt", "consent:receipt_json", "consent:receipt_code",
    "consent:check_receipt",
    "messaging:inbound", "messaging:receipts", "admin:login", "admin:logout", "admin:jsi18n",
}  # fmt: skip


def named_patterns(resolver: URLResolver, namespace: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            found += named_patterns(entry, inner)
        else:
            found.append((f"{namespace}{entry.name}", entry))
    return found


def test_every_task_is_routed_to_a_queue_that_some_worker_serves():
    current_app.loader.import_default_modules()
    ours = {name for name in current_app.tasks if name.startswith(OURS)}
    routes = settings.CELERY_TASK_ROUTES
    assert ours == set(routes)
    assert {route["queue"] for route in routes.values()} == set(QUEUES)
    assert {tick["task"] for tick in settings.CELERY_BEAT_SCHEDULE.values()} <= ours


def test_tasks_are_wake_ups_of_a_few_lines():
    for path in CODE:
        if path.name == "tasks.py":
            assert not re.search(r"\.retry\(|countdown=|eta=", path.read_text()), path


def test_every_address_is_public_by_name_or_turns_strangers_away(db, client):
    unknown = []
    for name, _pattern in named_patterns(get_resolver()):
        if name in PUBLIC or name.startswith("None"):
            continue
        path = "/" + _example(name)
        # The guard stands before everything else: not even the method is told to a stranger.
        for answer in (client.get(path), client.post(path)):
            if answer.status_code not in (302, 403, 404):
                unknown.append((name, path, answer.status_code))
            if answer.status_code == 302 and "/admin/login/" not in answer["Location"]:
                unknown.append((name, path, answer["Location"]))
    assert unknown == []


def _example(name: str) -> str:
    """An address of this name, with made-up arguments."""
    found = get_resolver()
    *namespaces, last = name.split(":")
    prefix = ""
    for namespace in namespaces:
        inner_prefix, found = found.namespace_dict[namespace]
        prefix += inner_prefix
    if last == "None" or last not in found.reverse_dict:
        return prefix
    possibilities = found.reverse_dict.getlist(last)[0][0]
    template, names = possibilities[0]
    return prefix + template % dict.fromkeys(names, "1")


@pytest.mark.parametrize("rules", gate.RULES.values())
def test_every_rule_says_what_it_permits(rules):
    for rule in rules:
        assert str(rule.sentence).endswith("."), rule
        assert rule.code


def test_every_rule_has_a_test():
    tested = "\n".join(p.read_text() for p in (ROOT / "tests").rglob("test_*.py"))
    named = {type(rule).__name__ for rules in gate.RULES.values() for rule in rules}
    named |= {type(rule).__name__ for rule in CONTENT_RULES}
    assert {name for name in named if name not in tested} == set()


def test_no_marketing_text_goes_without_the_mandatory_rules():
    there = {type(rule) for rule in gate.MARKETING_RULES}
    assert there.issuperset(gate.MANDATORY)


@pytest.mark.django_db
@pytest.mark.parametrize("path", STAFF_OPERATIONS)
def test_every_staff_operation_refuses_an_account_without_rights(path):
    """Whatever else it is given: before anything is written, and a superuser's veto as well."""
    operation = import_string(path)
    arguments = made_up(operation)
    arguments["actor"] = cast.staff("nobody in particular")
    with CaptureQueriesContext(connection) as statements, pytest.raises(NotAuthorized):
        operation(**arguments)
    assert [each["sql"] for each in statements if WRITES.match(each["sql"])] == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", STAFF_OPERATIONS)
def test_every_staff_operation_is_bound_by_the_vetoes(path, settings):
    operation = import_string(path)
    arguments = made_up(operation)
    settings.STAFF_VETOES = ["tests.test_architecture.Refuses"]
    arguments["actor"] = StaffUser.objects.create(username="root", is_superuser=True)
    with CaptureQueriesContext(connection) as statements, pytest.raises(NotAuthorized, match="Not"):
        operation(**arguments)
    assert [each["sql"] for each in statements if WRITES.match(each["sql"])] == []


WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)", re.I)


class Refuses:
    """A veto against everything."""

    sentence = "Not today."

    def refuses(self, **asked):
        return True


def made_up(operation):
    """One argument of each type that the operation asks for."""
    hints = get_type_hints(inspect.unwrap(operation))
    names = [name for name in inspect.signature(operation).parameters if name != "actor"]
    return {name: MADE_UP[hints[name]]() for name in names if hints[name] in MADE_UP}


def _override():
    cast.any_hour()
    return PolicyOverride.objects.get(applies_to="marketing")


MADE_UP = {
    datetime: lambda: cast.NOON,
    str: lambda: "because",
    bool: lambda: True,
    object: lambda: "value",
    Subscriber: cast.alice,
    Campaign: cast.draft,
    NoticeVersion: cast.notice_version,
    SignupForm: cast.signup_form,
    PolicyOverride: _override,
    Purpose | None: cast.news,
    ConsentEvent: lambda: cast.alice().events.earliest("occurred_at"),
    Hold: lambda: Hold.objects.create(
        subscriber=cast.alice(), reason="unclear", since_at=cast.NOON, due_at=cast.NOON
    ),
}


def test_every_operation_with_an_actor_is_listed_as_a_staff_operation():
    found = set()
    for path in CODE:
        if path.stem == "operations" or "operations" in path.parts:
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found |= {f"{module}.{name}" for name in _verbs_with_an_actor(path)}
    assert found - WITNESSES == set(STAFF_OPERATIONS)


# It permits nothing: it writes down that the page of a person was opened, which the page's own
# guard permitted.
WITNESSES = {"subscribers.operations.record_access"}


def _verbs_with_an_actor(path):
    """The public functions of a module that take `actor`, wherever it stands among the rest."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            if "actor" in {argument.arg for argument in every}:
                yield node.name


LEDGER_MODELS = r"(ConsentEvent|ConsentEvidence|Consent)"
CREATES = r"(create|bulk_create|get_or_create|update_or_create)"
WRITES_THE_LEDGER = re.compile(
    rf"\b{LEDGER_MODELS}(\(|\.objects\.{CREATES}\()"
    rf"|\.(events|consents|evidence)\.{CREATES}\("
    r"|(INSERT\s+INTO|COPY)\s+consent_(consentevent|consentevidence|consent)\b",
    re.I,
)


def test_nothing_but_the_ledger_writes_the_ledger():
    """Creating; the triggers refuse the rest."""
    definitions = ROOT / "consent" / "models" / "ledger.py"
    writers = {p for p in CODE if p != definitions and WRITES_THE_LEDGER.search(p.read_text())}
    assert writers == {ROOT / "consent" / "ledger.py"}


@pytest.mark.parametrize(
    "line",
    [
        "Consent(subscriber=s)",
        "Consent.objects.create(",
        "ConsentEvidence.objects.bulk_create(",
        "person.events.create(",
        "INSERT INTO consent_consent (id)",
    ],
)
def test_and_we_would_notice(line):
    assert WRITES_THE_LEDGER.search(line)


def test_every_model_about_a_person_has_a_store():
    held = {model for store in personal_data_stores() for model in store.holds}
    related = {r.related_model for r in Subscriber._meta.related_objects if not r.many_to_many}
    assert {model.__name__ for model in related - held} == set()


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_module_is_named_after_nothing():
    banned = {"utils", "helpers", "common", "misc", "mixins", "services", "managers"}
    assert {p for p in CODE if p.stem in banned} == set()


def test_nothing_goes_around_a_trigger_or_listens_to_signals():
    around = re.compile(r"pgtrigger\.ignore|models\.signals|@receiver|session_replication_role")
    assert {p for p in CODE if around.search(p.read_text())} == set()


def test_no_text_of_a_model_shows_a_number():
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            source = inspect.getsource(model.__str__)
            assert "phone_number" not in source, model
            assert model.__str__ is not models.Model.__str__, model
