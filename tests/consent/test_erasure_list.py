from __future__ import annotations

import io
from datetime import UTC
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from consent import erasure_list
from consent.checks import check_erasure_list
from consent.erasure_list import ListedErasure, Unreadable, parse
from consent.models import (
    ActorKind,
    ErasureListPosition,
    ErasureToList,
    EventKind,
    Suppression,
    SuppressionSource,
)
from consent.operations.erasure import erase_subscriber
from consent.operations.listing import list_waiting
from consent.operations.withdrawal import suppress_number
from consent.suppression import number_is_suppressed
from messaging.lanes.wording import is_frozen
from subscribers.models import Subscriber
from tests import cast

ANYWHERE = pytest.mark.django_db(transaction=True)
BACKUP = ("subscribers_subscriber", "subscribers_subjectkey", "consent_consent")


def place() -> Path:
    return Path(django_settings.ERASURE_LIST)


def erase(subscriber: Subscriber, *, remember_no: bool = True) -> None:
    erase_subscriber(
        subscriber=subscriber,
        actor_kind=ActorKind.SUBSCRIBER,
        remember_no=remember_no,
        at=timezone.now(),
    )


def replay(*options: str) -> str:
    said = io.StringIO()
    call_command("replay_erasures", *options, stdout=said, stderr=said)
    return said.getvalue()


class Backup:
    """A copy of the people, and of what this database knew of the list, as it was."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            for table in BACKUP:
                cursor.execute(f"DROP TABLE IF EXISTS backup_{table}")
                cursor.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")
        self.known = erasure_list.known_size()

    def restore(self) -> None:
        Suppression.objects.all().delete()
        ErasureToList.objects.all().delete()
        ErasureListPosition.objects.update(size=self.known)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE subscribers_subscriber s SET number_ciphertext = b.number_ciphertext,"
                " number_digest = b.number_digest, digest_key_id = b.digest_key_id,"
                " erased_at = b.erased_at FROM backup_subscribers_subscriber b WHERE b.id = s.id"
            )
            cursor.execute(
                "INSERT INTO subscribers_subjectkey SELECT * FROM backup_subscribers_subjectkey"
                " ON CONFLICT DO NOTHING"
            )
            for table in BACKUP:
                cursor.execute(f"DROP TABLE backup_{table}")


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_line_reads_as_it_was_written(at):
    erasure = ListedErasure(at, uuid4(), b"x" * 32, "d1")
    assert parse(str(erasure)) == erasure


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "2026-11-02T13:00:00+00:00",
        "2026-11-02T13:00:00+00:00 5f0c forgotten -",
        "2026-11-02T13:00:00+00:00 - remembered d1:0011",
        "2026-11-02T13:00:00+00:00 - remembered d1:zz",
        "2026-11-02T13:00:00+00:00 - lost -",
        "yesterday - forgotten -",
    ],
)
def test_half_a_line_is_noticed(line):
    with pytest.raises(Unreadable):
        parse(line)


@ANYWHERE
def test_a_restored_database_sends_no_marketing_until_erasures_are_replayed():
    alice, bob = cast.alice(), cast.bob()
    erase(cast.confirmed(cast.CAROL))
    backup = Backup()
    erase(alice)
    erase(bob, remember_no=False)
    assert not is_frozen()
    backup.restore()
    assert Subscriber.objects.with_number(cast.ALICE).exists()
    assert is_frozen()
    said = replay()
    assert "3 erasures are listed: 2 people were back and are erased again" in said
    assert not Subscriber.objects.reachable().exists()
    assert number_is_suppressed(cast.ALICE)
    assert not number_is_suppressed(cast.BOB)
    assert not is_frozen()
    assert "0 people were back" in replay()


@ANYWHERE
def test_a_person_unknown_to_the_backup_is_silent_all_the_same():
    backup = Backup()
    erase(cast.alice())
    backup.restore()
    Suppression.objects.all().delete()
    assert not number_is_suppressed(cast.ALICE)
    replay()
    assert number_is_suppressed(cast.ALICE)


@ANYWHERE
@pytest.mark.parametrize("stop_first", [True, False])
def test_a_stop_that_is_entered_again_outlasts_the_replay_of_an_older_erasure(stop_first):
    alice = cast.alice()
    suppress_number(e164=cast.ALICE, source=SuppressionSource.TEXT, at=cast.NOON)
    backup = Backup()
    erase(alice, remember_no=False)
    backup.restore()
    # The backup may know an older no, which stands while the newer one is entered.
    suppress_number(e164=cast.ALICE, source=SuppressionSource.TEXT, at=cast.NOON)
    if stop_first:
        suppress_number(e164=cast.ALICE, source=SuppressionSource.TEXT, at=timezone.now())
    replay()
    if not stop_first:
        suppress_number(e164=cast.ALICE, source=SuppressionSource.TEXT, at=timezone.now())
    assert number_is_suppressed(cast.ALICE)
    assert not Subscriber.objects.with_number(cast.ALICE).exists()


@ANYWHERE
def test_a_stop_from_before_being_forgotten_entirely_is_forgotten_again():
    alice = cast.alice()
    backup = Backup()
    erase(alice, remember_no=False)
    backup.restore()
    suppress_number(e164=cast.ALICE, source=SuppressionSource.TEXT, at=cast.NOON)
    replay()
    assert not number_is_suppressed(cast.ALICE)


@ANYWHERE
def test_new_erasures_do_not_hide_those_that_are_not_replayed():
    alice = cast.alice()
    backup = Backup()
    erase(alice)
    backup.restore()
    erase(cast.confirmed(cast.CAROL))
    list_waiting()
    assert is_frozen()
    replay()
    assert not is_frozen()


@ANYWHERE
def test_a_half_written_line_is_named_and_keeps_marketing_frozen():
    erase(cast.alice())
    with place().open("a") as file:
        file.write("2026-11-02T13:00:00+00:00 5f0c")
    assert is_frozen()
    said = io.StringIO()
    with pytest.raises(CommandError, match="Marketing stays frozen"):
        call_command("replay_erasures", stdout=said, stderr=said)
    assert "Line 2 cannot be read: it is not whole." in said.getvalue()
    assert "Marketing may go on." in replay("--skip-unreadable")
    assert not is_frozen()
    erase(cast.bob())
    assert len(place().read_text().splitlines()) == 3
    assert "Marketing may go on." in replay("--skip-unreadable")


@ANYWHERE
def test_a_lost_list_is_written_anew():
    alice, bob = cast.alice(), cast.bob()
    erase(alice)
    erase(bob, remember_no=False)
    place().unlink()
    list_waiting()
    lines = [parse(line) for line in place().read_text().splitlines()]
    assert {line.subject_reference for line in lines} == {
        alice.subject_reference, bob.subject_reference, None,
    }  # fmt: skip
    assert sum(line.number_digest is not None for line in lines) == 1
    assert not is_frozen()


@ANYWHERE
def test_a_list_that_cannot_be_written_keeps_nobody_from_being_erased(settings, tmp_path, caplog):
    good, settings.ERASURE_LIST = settings.ERASURE_LIST, str(tmp_path / "gone" / "list")
    alice = cast.alice()
    erase(alice)
    assert alice.events.filter(kind=EventKind.ERASED).exists()
    assert "the list of erasures cannot be written" in caplog.text
    settings.ERASURE_LIST = good
    list_waiting()
    assert str(alice.subject_reference) in place().read_text()
    assert not ErasureToList.objects.exists()


@ANYWHERE
def test_a_crash_between_writing_and_noting_it_freezes_nothing_for_long(monkeypatch):
    alice = cast.alice()
    monkeypatch.setattr("consent.operations.listing._finish", lambda *_args, **_kwargs: None)
    erase(alice)
    monkeypatch.undo()
    assert is_frozen()
    list_waiting()
    assert not is_frozen()


@pytest.mark.django_db
@pytest.mark.parametrize("given_place", ["", "/nonexistent/erasures"])
def test_without_a_list_there_is_nothing_to_replay(settings, given_place):
    settings.ERASURE_LIST = given_place
    with pytest.raises(CommandError, match="There is no list of erasures"):
        call_command("replay_erasures")


def test_a_site_without_a_list_is_warned(settings):
    assert check_erasure_list(None) == []
    settings.ERASURE_LIST = ""
    assert [warning.id for warning in check_erasure_list(None)] == ["consent.W003"]
