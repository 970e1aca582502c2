"""Receipts are answered once their group is committed, and a group is all or nothing."""

from __future__ import annotations

import asyncio

import pytest
from django.db import connection

from messaging.inbox.groups import Groups, Unkeepable
from messaging.inbox.store import Store, address
from messaging.models import Message, MessageState, Receipt
from messaging.operations.receipts import apply_receipts
from messaging.providers.base import ReceiptReport
from tests import cast
from tests.inbox import Visit, visit

pytestmark = pytest.mark.django_db(transaction=True)
GROUPS = "messaging.inbox.groups"
FIVE = [f"{number}.t" for number in range(5)]


def test_nothing_is_acknowledged_before_it_is_committed() -> None:
    async def talk(visit: Visit) -> None:
        with visit.database.writes_held_up():
            visit.send(*FIVE)
            await visit.writer()
            assert await visit.answered_within(0.2) == []
        assert await visit.answers() == [204] * 5
        assert sorted(visit.database.kept()) == FIVE

    visit(talk)


def test_a_database_that_dies_in_between_acknowledges_and_keeps_nothing() -> None:
    async def talk(visit: Visit) -> None:
        with visit.database.writes_held_up():
            visit.send(*FIVE)
            visit.database.end(await visit.writer())
            assert await visit.answers() == [503] * 5
        assert visit.database.kept() == []
        # The provider tries again, on a connection that is new.
        assert [await visit.post(each) for each in FIVE] == [204] * 5
        assert visit.database.kept() == FIVE

    visit(talk)


def test_a_database_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{GROUPS}.WRITE_SECONDS", 0.2)

    async def talk(visit: Visit) -> None:
        with visit.database.writes_held_up():
            assert await visit.post("1.late") == 503
            await visit.no_writer()
        assert await visit.post("2.late") == 204
        assert visit.database.kept() == ["2.late"]

    visit(talk)


def test_a_database_that_is_not_there_means_again() -> None:
    nowhere = Store({"host": "/nonexistent", "dbname": "none"})
    assert visit(lambda visit: visit.post("1.t"), store=nowhere) == 503
    assert not Receipt.objects.exists()


def test_when_too_much_waits_the_rest_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{GROUPS}.MOST_WAITING", 3)

    async def talk(visit: Visit) -> None:
        with visit.database.writes_held_up():
            visit.send("0.first")
            await visit.writer()
            visit.send(*(f"{number}.more" for number in range(8)))
            assert await visit.answered_within(0.3) == [503] * 5
        assert sorted(await visit.answers()) == [204] * 4 + [503] * 5
        assert len(visit.database.kept()) == 4

    visit(talk)


def test_many_at_once_are_few_transactions() -> None:
    async def talk(visit: Visit) -> None:
        visit.send(*(f"{number}.t" for number in range(300)))
        assert await visit.answers() == [204] * 300

    visit(talk)
    # The carrier of an earlier story may still have reported something.
    assert Receipt.objects.filter(reference__endswith=".t").count() == 300
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT xmin::text) FROM messaging_receipt WHERE reference LIKE '%.t'"
        )
        assert cursor.fetchone()[0] <= 30


def test_one_that_cannot_be_kept_does_not_take_the_others_with_it() -> None:
    references = [
        "1.good",
        "1.nul\0",
        "2.good",
        "3.half\ud800",
        "4." + "x" * 23,
        "12345678901234567890.x",
        "5",
        "3.good",
    ]

    async def talk() -> list[BaseException | None]:
        store = Store(address())
        groups = Groups(store)
        reports = [ReceiptReport(each, MessageState.DELIVERED, "") for each in references]
        all_at_once = asyncio.gather(
            *(groups.keep("simulator", [report]) for report in reports), return_exceptions=True
        )
        working = asyncio.create_task(groups.work())
        try:
            return await all_at_once
        finally:
            working.cancel()
            await store.close()

    ends = asyncio.run(talk())
    good = [each for each, end in zip(references, ends, strict=True) if end is None]
    assert good == ["1.good", "2.good", "3.good"]
    assert {type(end) for end in ends} == {type(None), Unkeepable}
    assert set(Receipt.objects.values_list("reference", flat=True)) == set(good)


@pytest.mark.parametrize(
    "told", [["delivered", "delivered"], ["delivered", "accepted"], ["undelivered", "delivered"]]
)
def test_repeated_and_late_ones_are_kept_and_change_nothing(told: list[str]) -> None:
    message = Message.objects.get(subscriber=cast.alice(), kind="welcome")
    for state in (MessageState.SUBMITTING, MessageState.ACCEPTED):
        Message.objects.filter(pk=message.pk).update(state=state, permitted_at=cast.NOON)

    async def talk(visit: Visit) -> list[int]:
        return [await visit.post(message.reference, status=status) for status in told]

    assert visit(talk) == [204, 204]
    assert apply_receipts(at=cast.NOON) == 2
    message.refresh_from_db()
    assert message.state == told[0]
