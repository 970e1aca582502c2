from __future__ import annotations

import pytest
from django.utils import timezone

from bench.judge import LogReader, Text, Verdict, look_up, per_second
from bench.rate import most_in_a_second, windows_over
from messaging.models import Message
from messaging.operations.audience import cut_started
from tests import cast


@pytest.fixture
def texts(db):
    """A campaign's two rows, as if the carrier had both: alice agreed, and carol took it back."""
    cast.alice(), cast.carol()
    campaign = cast.started(cast.draft(), cast.NOON)
    cut_started(at=timezone.now())
    rows = {row.subscriber_id: row.reference for row in campaign.messages.all()}
    return {
        cast.ALICE: Text(1.0, rows[cast.alice().pk], cast.ALICE),
        cast.CAROL: Text(1.1, rows[cast.carol().pk], cast.CAROL),
    }


def test_a_text_to_someone_who_agreed_is_fine(texts):
    assert look_up([texts[cast.ALICE]]) == Verdict(0, 0)


def test_a_text_to_someone_who_withdrew_is_seen(texts):
    assert look_up(list(texts.values())) == Verdict(0, 1)


def test_a_text_to_another_number_than_the_rows_is_seen(texts):
    wrong = texts[cast.ALICE]._replace(number=cast.STRANGER)
    assert look_up([wrong]) == Verdict(0, 1)


def test_a_text_that_no_row_knows_is_seen(texts):
    assert look_up([texts[cast.ALICE]._replace(reference="0.unknown")]) == Verdict(0, 1)


def test_the_same_text_twice_is_seen(texts):
    assert look_up([texts[cast.ALICE]] * 3) == Verdict(2, 0)


def test_it_reads_on_and_leaves_half_a_line(tmp_path):
    path = tmp_path / "texts.log"
    path.write_text("1.5 abc +447700900001\n2.5 de")
    log = LogReader(path)
    assert log.new() == [Text(1.5, "abc", "+447700900001")]
    path.write_text("1.5 abc +447700900001\n2.5 def +447700900002\n")
    assert log.new() == [Text(2.5, "def", "+447700900002")]


def test_the_rate_is_from_the_first_to_the_last():
    assert per_second([Text(at / 10, "", "") for at in range(11)]) == pytest.approx(10)


def test_windows_begin_with_each_text():
    times = [0.0, 0.1, 0.9, 1.05, 3.0]
    assert most_in_a_second(times) == 3
    assert windows_over(times, 2) == 2


def test_rows_of_messages_are_not_changed_by_looking(texts):
    before = list(Message.objects.values_list("state", flat=True))
    look_up(list(texts.values()))
    assert list(Message.objects.values_list("state", flat=True)) == before
