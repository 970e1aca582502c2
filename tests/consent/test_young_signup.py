from __future__ import annotations

import re
from datetime import date

import pytest
from django.utils import timezone
from django.utils.dates import MONTHS

from consent.ledger import evidence
from consent.models import ConsentEvent, Guardianship, NoticePurpose, SignupForm
from messaging.models import Message
from subscribers.models import Subscriber
from tests import cast

pytestmark = pytest.mark.django_db
PAGE = "/signup/young/"
GUARDIAN = "07700 900456"


@pytest.fixture
def form() -> SignupForm:
    cast.sender()
    return cast.young_form()


def filled_in(client, **changes):
    """What they send; the words are those of the page that asked: the first, or the second."""
    news = NoticePurpose.objects.get(purpose__code="news").pk
    answers = {
        "words": words_on(client.get(PAGE)), "age": "younger", "number": "07700 900123",
        "language": "en", "purposes": [news],
    }  # fmt: skip
    if "guardian_number" in changes:
        answers["words"] = words_on(client.post(PAGE, answers))
    return {**answers, **changes}


def words_on(response):
    page = response.content.decode()
    return re.search(r'name="words" value="([0-9a-f]{64})"', page)[1]


def in_a_year(**changes):
    """Turning 16 in the month a year from now."""
    today = timezone.now().date()
    return {
        "month": str(today.month), "year": str(today.year + 1), "guardian_number": GUARDIAN,
        **changes,
    }  # fmt: skip


def form_of(response):
    """The form on the page: the words that are kept as evidence are rendered before it."""
    return [each["form"] for each in response.context if "form" in each][-1]


def errors_of(response):
    return form_of(response).errors


def assert_nothing_kept() -> None:
    assert (Subscriber.objects.count(), Message.objects.count()) == (0, 0)


def test_younger_leads_to_two_more_questions_and_loses_nothing(client, form):
    response = client.post(PAGE, filled_in(client))
    page = response.content.decode()
    assert response.status_code == 200
    assert "Two more questions" in page
    assert 'value="07700 900123"' in page
    assert 'value="younger" id="id_age_1" required checked' in page
    news = NoticePurpose.objects.get(purpose__code="news").pk
    assert [ticked for promise, ticked in form_of(response).boxes if promise.pk == news] == [True]
    assert not errors_of(response)
    assert_nothing_kept()


def test_boxes_ticked_beside_other_words_are_empty_again(client, form):
    answers = filled_in(client)
    SignupForm.objects.update(reason_for_number="for something else")
    response = client.post(PAGE, answers)
    assert [ticked for _promise, ticked in form_of(response).boxes] == [False, False]


def test_the_guardian_is_texted_and_the_answer_says_nothing(client, form):
    response = client.post(PAGE, filled_in(client, **in_a_year()))
    assert (response.status_code, response["Location"]) == (303, "/asked/")
    assert "We ask your guardian first" in client.get("/asked/").content.decode()
    assert Message.objects.get().subscriber == Subscriber.objects.with_number("+447700900456").get()


def test_sending_it_twice_causes_one_text(client, form):
    answers = filled_in(client, **in_a_year())
    assert [client.post(PAGE, answers).status_code for _tap in range(2)] == [303, 303]
    assert Message.objects.count() == 1


def test_only_the_month_is_kept_and_every_word_that_was_shown(client, form):
    response = client.post(PAGE, filled_in(client))
    why = form_of(response).why
    client.post(PAGE, filled_in(client, **in_a_year(month="12")))
    kept = Guardianship.objects.get().band_ends_date
    assert kept == date(timezone.now().year + 2, 1, 1)
    proof = evidence(ConsentEvent.objects.get())
    assert proof["age_asserted"] == "younger than 16"
    assert why in proof["shown_text"]
    assert "900456" not in str(proof)


@pytest.mark.parametrize("field", ["month", "year", "guardian_number", "number", "purposes"])
def test_nonsense_in_any_field_is_explained_and_no_crash(client, form, field):
    for nonsense in ("", "\x00", "9" * 5000, "-1", "<b>"):
        answers = filled_in(client, **in_a_year())
        response = client.post(PAGE, {**answers, field: nonsense})
        assert response.status_code == 422
        assert field in errors_of(response)
    assert_nothing_kept()


def test_a_month_that_is_over_is_asked_again(client, form):
    today = timezone.now().date()
    last = date(today.year, 1, 1) if today.month > 1 else today
    answers = in_a_year(month=str(last.month), year=str(today.year))
    response = client.post(PAGE, filled_in(client, **answers))
    if today.month > 1:
        assert errors_of(response)["month"] == ["That month is over. When will you turn 16?"]
    else:
        assert response.status_code == 303


def test_a_year_too_far_away_is_not_offered(client, form):
    response = client.post(PAGE, filled_in(client, **in_a_year(year=str(timezone.now().year + 17))))
    assert "year" in errors_of(response)


def test_their_own_number_is_no_guardians(client, form):
    answers = filled_in(client, **in_a_year(guardian_number="+44 7700 900123"))
    response = client.post(PAGE, answers)
    assert errors_of(response)["guardian_number"] == ["This is your own number. We need theirs."]
    assert 'aria-describedby="id_guardian_number_helptext id_guardian_number_error"' in (
        response.content.decode()
    )
    assert_nothing_kept()


@pytest.mark.parametrize(("years", "asked"), [(2, True), (3, False), (5, False)])
def test_below_thirteen_in_the_united_states_nobody_is_asked(client, form, years, asked):
    """16 in three years to the month is 13 in this month: perhaps not yet."""
    answers = in_a_year(year=str(timezone.now().year + years))
    response = client.post(PAGE, filled_in(client, number="+1 212 555 0123", **answers))
    if asked:
        assert response.status_code == 303
    else:
        assert "for people of 13 or older" in response.content.decode()
        assert "We kept nothing" in response.content.decode()
        assert_nothing_kept()


def test_a_guardian_may_allow_it_to_a_child_of_ten_elsewhere(client, form):
    answers = in_a_year(year=str(timezone.now().year + 6))
    assert client.post(PAGE, filled_in(client, **answers)).status_code == 303


def test_whoever_corrects_their_age_is_asked_as_everybody(client, form):
    """The page for everybody comes back, filled in, and its words are the ones agreed to."""
    answers = filled_in(client, age="old_enough", **in_a_year())
    response = client.post(PAGE, answers)
    assert "Send me the confirmation text" in response.content.decode()
    assert [ticked for _promise, ticked in form_of(response).boxes] == [True, False]
    again = {name: answers[name] for name in ("age", "number", "language", "purposes")}
    response = client.post(PAGE, {**again, "words": words_on(response)})
    assert response["Location"].startswith("/confirm/")


def test_known_stopped_and_new_guardians_get_the_same_answer(client, form):
    cast.confirmed(cast.ALICE, at=timezone.now() - cast.HOUR)
    cast.frank()
    answers = [
        client.post(PAGE, filled_in(client, **in_a_year(guardian_number=number)))
        for number in (cast.ALICE, cast.FRANK, cast.STRANGER)
    ]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(303, "/asked/")}


def test_a_program_causes_nothing(client, form):
    answers = filled_in(client, website="https://spam.example", **in_a_year())
    assert client.post(PAGE, answers).status_code == 303
    assert_nothing_kept()


def test_the_months_are_named_in_the_language_of_the_visitor(client, form):
    page = client.post(PAGE, filled_in(client)).content.decode()
    assert all(str(name) in page for name in MONTHS.values())
