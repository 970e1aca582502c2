"""What a message is about is there, stays, and is never exchanged: raw SQL throughout."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError, IntegrityError

from consent.models import ConsentEvent, Purpose
from messaging.models import Campaign, Sender
from subscribers.models import Subscriber
from tests import cast
from tests.messaging.raw import run

pytestmark = pytest.mark.django_db

COPIED = (
    "kind, campaign_id, subscriber_id, sender_id, purpose_id, consent_event_id, state, language,"
    " parts, send_after, lapses_at, attempts_made, objections, provider_message_id, error_code,"
    " queued_at"
)
REFERENCES = {
    "campaign_id": 10**6,
    "subscriber_id": 10**6,
    "sender_id": 10**6,
    "purpose_id": 10**6,
    "consent_event_id": uuid.uuid4(),
}
WITHHELD = {"state": "withheld", "objections": '["x"]'}


def bear(message, **other):
    """A row as `message` is, but for what is given."""
    columns = [name.strip() for name in COPIED.split(",")]
    chosen = ", ".join(f"%({name})s" if name in other else name for name in columns)
    run(
        f"INSERT INTO messaging_message ({COPIED}, receipt_token)"
        f" SELECT {chosen}, 'another' FROM messaging_message WHERE id = %(id)s",
        **other,
        id=message.pk,
    )


@pytest.mark.parametrize("name", ["subscriber_id", "sender_id", "purpose_id", "consent_event_id"])
def test_a_text_that_people_wait_for_is_about_what_exists(welcome, name):
    with pytest.raises(IntegrityError, match="refers to what is not there"):
        bear(welcome, **{name: REFERENCES[name]})
    bear(welcome)


@pytest.mark.parametrize("name", ["campaign_id", "sender_id", "purpose_id"])
def test_a_campaigns_text_is_of_its_sender_and_purpose(advert, name):
    with pytest.raises(IntegrityError, match="a campaign of another sender or purpose, or to none"):
        bear(advert, **{"subscriber_id": cast.bob().pk, **WITHHELD, name: REFERENCES[name]})


def test_a_withheld_one_is_to_somebody(advert):
    with pytest.raises(IntegrityError, match="refers to what is not there"):
        bear(advert, subscriber_id=10**6, **WITHHELD)


@pytest.mark.parametrize("name", list(REFERENCES))
@pytest.mark.parametrize("kind", ["welcome", "advert"])
def test_none_becomes_one_about_something_else(kind, name, request):
    message = request.getfixturevalue(kind)
    with pytest.raises(DatabaseError, match="Cannot update"):
        run(f"UPDATE messaging_message SET {name} = %s WHERE id = %s", REFERENCES[name], message.pk)


@pytest.mark.parametrize("kind", ["welcome", "advert"])
def test_nor_does_one_that_leaves(kind, request):
    """A campaign's text may leave under a newer yes of that person, and under nothing else."""
    message = request.getfixturevalue(kind)
    with pytest.raises(DatabaseError, match=r"Cannot update|no standing consent"):
        run(
            "UPDATE messaging_message SET state = 'submitting', permitted_at = now(),"
            " consent_event_id = %s WHERE id = %s",
            REFERENCES["consent_event_id"],
            message.pk,
        )


@pytest.mark.parametrize("model", [Subscriber, Sender, Purpose, ConsentEvent])
def test_what_texts_are_about_is_never_deleted(advert, model):
    with pytest.raises(DatabaseError, match=r"Cannot delete|append-only"):
        run(f"DELETE FROM {model._meta.db_table}")


def test_nor_a_campaign_with_texts(advert):
    with pytest.raises(IntegrityError, match=f"campaign {advert.campaign_id} has texts"):
        run("DELETE FROM messaging_campaign WHERE id = %s", advert.campaign_id)


def test_a_draft_is(advert):
    draft = cast.draft()
    run("DELETE FROM messaging_campaigntext WHERE campaign_id = %s", draft.pk)
    run("DELETE FROM messaging_campaign WHERE id = %s", draft.pk)
    assert not Campaign.objects.filter(pk=draft.pk).exists()
