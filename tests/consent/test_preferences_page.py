from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from consent.codes import make_link
from consent.ledger import evidence
from consent.models import Consent, EventKind, PageLink, Preference, Standing, Suppression
from consent.models.confirmations import LinkScope
from consent.operations.access import revoke_links
from consent.personal_page import TOKEN
from messaging.models import Message, MessageKind
from messaging.texts import text_of
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db

CHOICES = "/preferences/choices/"
CODE_PAGE = re.compile(r"/preferences/code/[A-Za-z0-9_-]{22}/")


@pytest.fixture
def alice() -> Subscriber:
    return cast.confirmed(cast.ALICE, cast.news(), cast.offers(), at=lately())


def lately() -> datetime:
    return timezone.now() - cast.HOUR


def link_to(subscriber: Subscriber, good_for: timedelta = cast.DAY) -> str:
    token = make_link(LinkScope.PREFERENCES, subscriber=subscriber, at=lately(), good_for=good_for)
    return f"/p/{token}/"


@pytest.fixture
def her(client, alice):
    """A browser in which alice's page is open."""
    client.post(link_to(alice))
    return client


def said(client) -> list[str]:
    return [str(message) for message in client.get(CHOICES).context["messages"]]


def access_code(subscriber: Subscriber) -> str:
    message = Message.objects.filter(kind=MessageKind.ACCESS_CODE).latest("pk")
    code = re.search(r"\d{6}", text_of(message))
    assert code
    return code[0]


def test_a_code_sent_to_the_number_opens_it(client, alice):
    asked = client.post("/preferences/", {"number": "07700 900001"})
    assert asked.status_code == 303
    assert CODE_PAGE.fullmatch(asked["Location"])
    opened = client.post(asked["Location"], {"code": access_code(alice)})
    assert (opened.status_code, opened["Location"]) == (303, CHOICES)
    assert PageLink.objects.get(scope=LinkScope.OPEN_BY_CODE).subscriber == alice
    # What the browser holds on to says nothing about whose page it is.
    assert str(alice.public_id) not in str(dict(client.session))


def test_opening_changes_the_session_key(client, alice):
    client.session.save()
    before = client.session.session_key
    client.post(link_to(alice))
    assert client.session.session_key != before


def test_known_stopped_and_unknown_numbers_get_the_same_answer(client, alice):
    cast.frank()
    answers = [
        client.post("/preferences/", {"number": number})
        for number in (cast.ALICE, cast.FRANK, cast.STRANGER)
    ]
    assert {answer.status_code for answer in answers} == {303}
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    pages = [client.get(answer["Location"]).content.decode() for answer in answers]
    assert len({re.sub(r'value="\w{64}"', "", page) for page in pages}) == 1
    assert Message.objects.filter(kind=MessageKind.ACCESS_CODE).count() == 1


def test_a_number_that_cannot_be_read_is_explained_and_kept(client):
    response = client.post("/preferences/", {"number": "hello"})
    assert response.status_code == 422
    assert 'value="hello"' in response.content.decode()


def test_a_wrong_code_opens_nothing(client, alice):
    page = client.post("/preferences/", {"number": cast.ALICE})["Location"]
    wrong = f"{(int(access_code(alice)) + 1) % 1_000_000:06d}"
    for address in (page, "/preferences/code/" + "a" * 22 + "/"):
        response = client.post(address, {"code": wrong})
        assert response.status_code == 422
        assert "did not work" in response.context["form"].errors["code"][0]
    assert client.get(CHOICES)["Location"] == "/preferences/"


def test_a_link_opens_on_a_tap_not_on_a_look(client, alice):
    link = link_to(alice)
    assert "Open my page" in client.get(link).content.decode()
    assert client.get(CHOICES).status_code == 303
    assert client.post(link)["Location"] == CHOICES
    assert client.get(CHOICES).status_code == 200


def test_expired_revoked_and_unknown_links_get_one_and_the_same_page(client, alice):
    expired = link_to(alice, good_for=cast.MINUTE)
    revoked = link_to(alice)
    revoke_links(subscriber=alice, at=timezone.now())
    answers = [client.post(link) for link in (expired, revoked, "/p/" + "a" * 22 + "/")]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.content for answer in answers}) == 1
    assert b'href="/preferences/"' in answers[0].content


def test_it_shows_what_who_since_when_how_often_and_the_exact_words(her, alice):
    page = her.get(CHOICES).content.decode()
    version = Consent.objects.filter(subscriber=alice)[0].notice_version_id
    for words in (
        "Opening hours and events",
        cast.ORGANIZATION,
        "At most 4 texts in 30 days",
        f'href="/notices/{version}/"',
        "01",
    ):
        assert words in page
    assert cast.ALICE not in page
    assert cast.ALICE[3:] not in page


def test_withdrawing_is_one_tap_and_leaves_the_rest(her, alice):
    response = her.post(CHOICES + "withdraw/", {"purpose": "news"})
    assert (response.status_code, response["Location"]) == (303, CHOICES)
    assert said(her) == ["You will get no more texts about Opening hours and events."]
    standing = dict(Consent.objects.values_list("purpose__code", "status"))
    assert standing == {"news": Standing.WITHDRAWN, "offers": Standing.CONFIRMED}
    proof = evidence(alice.events.get(kind=EventKind.WITHDRAWN))
    assert proof["shown_text"] == "Stop texts about Opening hours and events"


def test_withdrawing_twice_is_recorded_once(her, alice):
    for _tap in range(2):
        assert her.post(CHOICES + "withdraw/", {"purpose": "news"}).status_code == 303
    assert alice.events.filter(kind=EventKind.WITHDRAWN).count() == 1


def test_stopping_all_texts_is_for_good(her, alice):
    assert her.post(CHOICES + "stop/").status_code == 303
    assert Suppression.objects.get().source == "page"
    page = her.get(CHOICES).content.decode()
    assert "text START from this phone" in page
    assert CHOICES + "stop/" not in page


def test_less_often_can_be_chosen_and_taken_back(her, alice):
    her.post(CHOICES + "frequency/", {"purpose": "news", "texts_in_days": "1/30"})
    chosen = Preference.objects.get(purpose__code="news")
    assert (chosen.chosen_texts, chosen.chosen_days) == (1, 30)
    assert '<option value="1/30" selected>' in her.get(CHOICES).content.decode()
    her.post(CHOICES + "frequency/", {"purpose": "news", "texts_in_days": ""})
    chosen.refresh_from_db()
    assert chosen.chosen_texts is None


@pytest.mark.parametrize("more", ["4/30", "1/1", "9/7", "x/y", "1/0"])
def test_more_often_than_promised_cannot_be_chosen(her, more):
    her.post(CHOICES + "frequency/", {"purpose": "news", "texts_in_days": more})
    assert said(her) == ["That was not one of the choices. Nothing was changed."]
    assert not Preference.objects.exists()


def test_a_purpose_taken_back_has_no_frequency(her):
    her.post(CHOICES + "withdraw/", {"purpose": "news"})
    her.post(CHOICES + "frequency/", {"purpose": "news", "texts_in_days": "1/30"})
    assert not Preference.objects.exists()


@pytest.mark.parametrize("name", ["withdraw", "frequency"])
@pytest.mark.parametrize("purpose", ["nothing", "", "\x00"])
def test_a_purpose_never_asked_about_is_not_found(her, name, purpose):
    response = her.post(f"{CHOICES}{name}/", {"purpose": purpose, "texts_in_days": ""})
    assert response.status_code == 404


def test_everything_can_be_paused_and_resumed(her):
    her.post(CHOICES + "pause/", {"days": "7"})
    until = Preference.objects.values_list("paused_until_at", flat=True)
    assert {(each - timezone.now()).days for each in until} == {6}
    assert "End the pause" in her.get(CHOICES).content.decode()
    her.post(CHOICES + "pause/", {"resume": "1", "days": "7"})
    assert set(until.all()) == {None}


@pytest.mark.parametrize("days", ["", "0", "-7", "36500", "x"])
def test_only_the_pauses_offered_can_be_chosen(her, days):
    her.post(CHOICES + "pause/", {"days": days})
    assert not Preference.objects.exists()


def test_language_and_time_zone_can_be_changed(her, alice):
    her.post(CHOICES + "settings/", {"language": "fr", "time_zone": "Europe/London"})
    alice.refresh_from_db()
    assert (alice.language, alice.time_zone) == ("fr", "Europe/London")
    her.post(CHOICES + "settings/", {"language": "fr", "time_zone": ""})
    alice.refresh_from_db()
    assert alice.time_zone == ""


def test_a_setting_that_was_not_offered_is_explained_and_the_rest_kept(her, alice):
    her.post(CHOICES + "settings/", {"language": "en", "time_zone": "Europe/London"})
    response = her.post(CHOICES + "settings/", {"language": "fr", "time_zone": "Mars/Base"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error:" in page
    assert 'href="#id_time_zone">Choose one of the time zones offered.' in page
    assert '<option value="fr" selected>' in page
    alice.refresh_from_db()
    assert (alice.language, alice.time_zone) == ("en", "Europe/London")


def in_country(alice: Subscriber, number: str, region: str = "") -> None:
    alice.phone_number, alice.region = number, region
    alice.save()


@pytest.mark.parametrize(
    ("number", "region", "name"),
    [
        ("+13055550123", "US-FL", "Florida"),
        ("+14165550123", "CA-ON", "Ontario"),
        ("+5511912345678", "BR-SP", "São Paulo"),
        ("+61491570156", "AU-WA", "Western Australia"),
    ],
)
def test_the_state_is_asked_where_it_matters(her, alice, number, region, name):
    in_country(alice, number)
    assert f'<option value="{region}">{name}</option>' in her.get(CHOICES).content.decode()
    her.post(CHOICES + "settings/", {"language": "en", "time_zone": "", "region": region})
    alice.refresh_from_db()
    assert (alice.region, alice.region_name) == (region, name)
    page = her.get(CHOICES).content.decode()
    assert f'<option value="{region}" selected>{name}</option>' in page
    her.post(CHOICES + "settings/", {"language": "en", "time_zone": "", "region": ""})
    alice.refresh_from_db()
    assert alice.region == ""


def test_the_state_is_not_asked_elsewhere(her, alice):
    assert "State or province" not in her.get(CHOICES).content.decode()
    her.post(CHOICES + "settings/", {"language": "fr", "time_zone": "", "region": "US-FL"})
    alice.refresh_from_db()
    assert (alice.language, alice.region) == ("fr", "")


@pytest.mark.parametrize("region", ["CA-ON", "US-XX", "US", "us-fl", "\x00"])
def test_a_state_that_was_not_offered_is_refused_and_the_rest_kept(her, alice, region):
    in_country(alice, "+13055550123", "US-FL")
    typed = {"language": "fr", "time_zone": "America/New_York", "region": region}
    response = her.post(CHOICES + "settings/", typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_region">Choose one of the states or provinces offered.' in page
    assert '<option value="America/New_York" selected>' in page
    alice.refresh_from_db()
    assert (alice.language, alice.time_zone, alice.region) == ("en", "", "US-FL")


def test_whoever_moved_abroad_with_their_number_can_still_change_their_state(her, alice):
    in_country(alice, cast.ALICE, "US-FL")
    assert '<option value="US-FL" selected>' in her.get(CHOICES).content.decode()
    her.post(CHOICES + "settings/", {"language": "en", "time_zone": "", "region": ""})
    alice.refresh_from_db()
    assert alice.region == ""


def test_a_state_of_which_we_have_no_name_is_kept(her, alice):
    in_country(alice, "+13055550123", "DE-BY")
    assert '<option value="DE-BY" selected>DE-BY</option>' in her.get(CHOICES).content.decode()
    her.post(CHOICES + "settings/", {"language": "fr", "time_zone": "", "region": "DE-BY"})
    alice.refresh_from_db()
    assert (alice.language, alice.region) == ("fr", "DE-BY")


def test_states_of_two_countries_stand_apart(her, alice):
    in_country(alice, "+14165550123", "US-FL")
    page = her.get(CHOICES).content.decode()
    assert page.index('<optgroup label="Canada">') < page.index('<optgroup label="United States">')


def test_leaving_closes_it(her):
    assert her.post(CHOICES + "leave/")["Location"] == "/"
    assert her.get(CHOICES)["Location"] == "/preferences/"


def test_leaving_does_not_sign_staff_out(client, alice):
    client.force_login(cast.author())
    client.post(link_to(alice))
    client.post(CHOICES + "leave/")
    assert "_auth_user_id" in client.session
    assert TOKEN not in client.session
    assert not PageLink.objects.filter(scope=LinkScope.OPEN_BY_LINK).exists()


def test_it_closes_after_half_an_hour(her):
    PageLink.objects.filter(scope=LinkScope.OPEN_BY_LINK).update(expires_at=timezone.now())
    assert her.get(CHOICES).status_code == 303


@pytest.mark.parametrize("name", ["withdraw", "stop", "pause", "frequency", "settings", "leave"])
def test_no_button_works_on_a_look_or_without_an_open_page(client, alice, name):
    assert client.get(f"{CHOICES}{name}/").status_code == 405
    assert client.post(f"{CHOICES}{name}/", {"purpose": "news"}).status_code == 303
    assert Consent.objects.filter(status=Standing.CONFIRMED).count() == 2
    assert not Suppression.objects.exists()
