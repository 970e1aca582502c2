from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.models import Purpose
from messaging.admin.previews import previews
from messaging.models import CampaignStatus
from messaging.operations.campaigns import UnableToMove, submit_campaign
from messaging.operations.words import use_replacements
from messaging.parts import EXTENDED, SHORT_ALPHABET, Encoding, encoding
from messaging.replacements import EQUIVALENTS, Change, changes, replaced
from subscribers.authorization import NotAuthorized
from tests import cast


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“It’s late” – see you…", '"It\'s late" - see you...'),
        ("9\u00a0to\u202f5\tdaily", "9 to 5 daily"),
        ("zero\u200b width\ufeff soft\u00adhyphen", "zero width softhyphen"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("cafe\u0301 and Malmo\u0308", "café and Malmö"),
        ("at 20 \u212b, 5 \u2126", "at 20 Å, 5 Ω"),
    ],
)
def test_signs_and_spaces_get_their_short_equivalent(text, expected):
    assert replaced(text) == expected
    assert encoding(expected) is Encoding.GSM7


@pytest.mark.parametrize("text", ["François", "Łódź", "Ελλάδα", "Ştefan", "Привет", "½ price"])
def test_letters_are_never_touched(text):
    assert replaced(text) == text
    assert changes(text) == []


@pytest.mark.parametrize("text", ["می‌خواهم – بله", "क्‍ष – नमस्ते", "👩‍👧 – hello"])
def test_joiners_stay_where_they_join(text):
    assert replaced(text) == text.replace("–", "-")


def test_joiners_go_where_the_text_then_is_short():
    assert replaced("Hello\u200d there\u200e") == "Hello there"
    assert replaced("Hello\u200d François") == "Hello\u200d François"


def test_each_change_is_named_once_with_how_often_it_occurs():
    assert changes("“a” – “b” e\u0301") == [
        Change("“", '"', 2), Change("”", '"', 2), Change("–", "-", 1), Change("e\u0301", "é", 1),
    ]  # fmt: skip


def test_every_equivalent_is_short_and_replaces_no_letter():
    for found, becomes in EQUIVALENTS.items():
        assert set(becomes) <= SHORT_ALPHABET - EXTENDED
        same = unicodedata.normalize("NFC", found) == becomes
        assert same or not any(c.isalpha() for c in found), found


@given(st.text(max_size=80))
def test_a_second_time_nothing_is_left_to_replace(text):
    once = replaced(text)
    assert replaced(once) == once
    assert changes(once) == []
    assert bool(changes(text)) == (once != text)


@given(st.text(max_size=80))
def test_the_letters_stay_the_same(text):
    def letters(words):
        return [c for c in unicodedata.normalize("NFC", words) if c.isalpha() and c not in "`´"]

    assert letters(replaced(text)) == letters(text)


@pytest.fixture
def campaign(db):
    cast.alice()
    return cast.draft("Open late on Friday – “bring a friend”. " * 2)


def test_the_author_is_offered_what_saves_a_part(campaign):
    [preview] = previews(campaign)
    assert (preview.lengths.most, preview.offer.saves) == (2, 1)
    assert [line.becomes for line in preview.offer.lines] == ["-", '"', '"']


def test_nothing_is_offered_where_it_saves_nothing(campaign):
    campaign.texts.update(body="Привет – до пятницы")
    assert previews(campaign)[0].offer is None


def test_nothing_is_offered_where_our_own_name_is_the_reason(db):
    atelier = Purpose.objects.create(code="atelier", name="Courses", controller="L’Atelier")
    assert previews(cast.draft("L’Atelier: hello.", atelier))[0].offer is None


def test_it_is_applied_only_when_asked_and_only_to_a_draft(campaign):
    use_replacements(actor=cast.author(), campaign=campaign, language="en", at=cast.NOON)
    assert campaign.texts.get().body.startswith('Open late on Friday - "bring a friend".')
    submit_campaign(actor=cast.author(), campaign=campaign, at=cast.NOON)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.SUBMITTED
    with pytest.raises(UnableToMove):
        use_replacements(actor=cast.author(), campaign=campaign, language="en", at=cast.NOON)


def test_whoever_applies_it_is_one_of_the_authors(campaign):
    boss = cast.staff("boss", "Administrator")
    use_replacements(actor=boss, campaign=campaign, language="en", at=cast.NOON)
    campaign.refresh_from_db()
    assert boss.pk in campaign.author_ids


def test_whoever_may_not_write_may_not_replace(campaign):
    with pytest.raises(NotAuthorized):
        use_replacements(
            actor=cast.staff("viewer", "Viewer"), campaign=campaign, language="en", at=cast.NOON
        )
