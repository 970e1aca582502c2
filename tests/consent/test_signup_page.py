from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from consent.forms import SignupRequest
from consent.ledger import evidence
from consent.models import Confirmation, ConsentEvent, NoticePurpose, SignupForm
from messaging.models import Message
from subscribers.models import Attribute, Subscriber
from tests import cast

pytestmark = pytest.mark.django_db

PAGE = "/signup/news/"
CONFIRM = re.compile(r"/confirm/[A-Za-z0-9_-]{22}/")


@pytest.fixture
def form() -> SignupForm:
    cast.sender()
    return cast.signup_form()


def filled_in(client: Client, **changes):
    """What a person sends who read the page, ticked news and typed a number."""
    page = client.get(PAGE).content.decode()
    words = re.search(r'name="words" value="([0-9a-f]{64})"', page)[1]
    news = NoticePurpose.objects.get(purpose__code="news").pk
    answers = {
        "words": words,
        "age": "old_enough",
        "number": "07700 900123",
        "language": "en",
        "purposes": [news],
    }
    return {**answers, **changes}


def errors_of(response):
    return answered_form(response).errors


def answered_form(response):
    """The form of the page itself, which is rendered last: the evidence is rendered before."""
    return [each["form"] for each in response.context if "form" in each][-1]


def test_it_leads_to_one_confirmation_text(client, form):
    response = client.post(PAGE, filled_in(client))
    assert response.status_code == 303
    assert CONFIRM.fullmatch(response["Location"])
    assert Message.objects.count() == Confirmation.objects.count() == 1


def test_sending_it_twice_causes_one_text(client, form):
    answers = filled_in(client)
    assert [client.post(PAGE, answers).status_code for _tap in range(2)] == [303, 303]
    assert Message.objects.count() == 1


@pytest.mark.parametrize("field", ["number", "language", "purposes", "age", "words", "website"])
def test_nonsense_in_any_field_is_no_crash(client, form, field):
    for nonsense in ("\x00", "9" * 5000, "<b>"):
        assert client.post(PAGE, filled_in(client, **{field: nonsense})).status_code in (303, 422)
    assert Message.objects.count() == 0


def test_it_keeps_exactly_what_was_shown_and_ticked(client, form):
    page = client.get(PAGE).context["page"]
    client.post(PAGE, filled_in(client), headers={"user-agent": "Phone 1"})
    proof = evidence(ConsentEvent.objects.get())
    assert proof["shown_text"] == SignupRequest(page).shown_text
    assert proof["boxes"] == {"news": True, "offers": False}
    assert proof["page_address"] == "http://testserver/signup/news/"
    assert proof["age_asserted"] == "16 or older"


def test_the_shown_text_has_every_word_of_the_notice_and_every_box(client, form):
    shown = SignupRequest(client.get(PAGE).context["page"]).shown_text
    for words in cast.notice_version().elements.values():
        assert words in shown
    assert "[ ] Yes, text me about opening hours and events\nAt most 4 texts in 30 days" in shown


def test_it_says_everything_before_the_number_field(client, form):
    before, _field, after = client.get(PAGE).content.decode().partition('name="number"')
    for words in [
        form.title,
        cast.ORGANIZATION,
        form.reason_for_number,
        form.alternative,
        "I am 16 or older",
        *cast.notice_version().elements.values(),
    ]:
        assert words in before
    assert "must text START to Harbor Street Library first" in after


def test_nothing_is_ticked_or_chosen_beforehand(client, form):
    assert "checked" not in client.get(PAGE).content.decode()


def test_looking_at_it_keeps_nothing(client, form):
    response = client.get(PAGE)
    assert "session" not in response.cookies
    assert Subscriber.objects.count() == 0


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("hello", "cannot be read"),
        ("07700", "No phone has this number"),
        ("+33 6 12 34 56 78", "numbers of the United Kingdom (+44) or the United States (+1)"),
        ("020 7946 0958", "landline"),
        ("0909 879 0000", "premium-rate"),
        ("0800 123 4567", "free-call"),
        ("", "Give the number"),
    ],
)
def test_an_unusable_number_is_explained_and_kept(client, form, number, words):
    response = client.post(PAGE, filled_in(client, number=number))
    assert response.status_code == 422
    assert words in errors_of(response)["number"][0]
    assert answered_form(response)["number"].value() == number
    assert Subscriber.objects.count() == 0


def test_a_mistake_loses_nothing_that_was_typed(client, form):
    page = client.post(PAGE, filled_in(client, number="07700")).content.decode()
    news = NoticePurpose.objects.get(purpose__code="news").pk
    assert 'value="07700"' in page
    assert re.search(rf'name="purposes" value="{news}"[^>]* checked', page)
    assert re.search(r'value="old_enough"[^>]* checked', page)


def test_a_mistake_is_named_on_top_and_beside_its_field(client, form):
    page = client.post(PAGE, filled_in(client, number="", purposes=[])).content.decode()
    assert '<a href="#id_number">Give the number of your mobile phone.</a>' in page
    assert '<a href="#id_purposes_0">Tick at least one box, or leave this page.</a>' in page
    assert 'aria-describedby="id_number_helptext id_number_error"' in page


def test_someone_younger_is_refused_kindly_and_nothing_is_kept(client, form):
    response = client.post(PAGE, filled_in(client, age="younger", number="nonsense"))
    assert "We kept nothing" in response.content.decode()
    assert (Subscriber.objects.count(), Message.objects.count()) == (0, 0)


def test_age_must_be_said_where_it_matters(client, form):
    response = client.post(PAGE, filled_in(client, age=""))
    assert errors_of(response)["age"] == ["Say whether you are 16 or older."]


@pytest.mark.parametrize(
    ("minimum", "countries", "asked"),
    [(0, ["GB", "US"], 13), (0, ["GB", "DE"], 16), (18, ["GB"], 18)],
)
def test_the_age_asked_is_the_highest_of_the_form_and_its_countries(
    client, form, minimum, countries, asked
):
    SignupForm.objects.update(minimum_age=minimum, countries=countries)
    assert f"I am {asked} or older" in client.get(PAGE).content.decode()


def test_a_yes_to_words_that_changed_meanwhile_does_not_count(client, form):
    answers = filled_in(client)
    SignupForm.objects.update(reason_for_number="for something else")
    response = client.post(PAGE, answers)
    assert response.status_code == 422
    assert "have just changed" in errors_of(response)["words"][0]
    assert [ticked for _promise, ticked in answered_form(response).boxes] == [False, False]
    assert answered_form(response)["number"].value() == "07700 900123"
    assert client.post(PAGE, filled_in(client)).status_code == 303


def test_a_program_gets_the_same_answer_and_nothing_happens(client, form):
    response = client.post(PAGE, filled_in(client, website="https://spam.example"))
    assert response.status_code == 303
    assert CONFIRM.fullmatch(response["Location"])
    assert Subscriber.objects.count() == 0


def test_known_stopped_and_new_numbers_get_the_same_answer(client, form):
    cast.confirmed(cast.ALICE, at=timezone.now() - cast.HOUR)
    cast.frank()
    numbers = [cast.ALICE, cast.FRANK, cast.STRANGER]
    answers = [client.post(PAGE, filled_in(client, number=number)) for number in numbers]
    assert {answer.status_code for answer in answers} == {303}
    assert {len(answer["Location"]) for answer in answers} == {len("/confirm//") + 22}
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    pages = {_without_token(client.get(answer["Location"])) for answer in answers}
    assert len(pages) == 1


def _without_token(response) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_optional_fields_stay_optional_and_are_judged(client, form):
    born = Attribute.objects.create(
        code="born", label="Year", kind="number", reason="for greetings"
    )
    form.attributes.add(born)
    assert "for greetings" in client.get(PAGE).content.decode()
    refused = client.post(PAGE, filled_in(client, attribute_born="old"))
    assert errors_of(refused)["attribute_born"] == ["Give a whole number."]
    assert client.post(PAGE, filled_in(client)).status_code == 303


def test_answers_are_kept_as_their_kind(client, form):
    form.attributes.add(
        Attribute.objects.create(code="kids", label="Children?", kind="yes_no", reason="r"),
        Attribute.objects.create(
            code="branch", label="Branch", kind="choice", choices=["Mill", "Quay"], reason="r"
        ),
    )
    client.post(PAGE, filled_in(client, attribute_kids="no", attribute_branch="Quay"))
    proof = evidence(ConsentEvent.objects.get())
    assert proof["attributes"] == {"kids": False, "branch": "Quay"}


def test_only_languages_with_a_published_notice_are_offered(client, form):
    languages = client.get(PAGE).context["form"].fields["language"].choices
    assert languages == [("en", "English")]


def test_a_form_that_is_not_published_says_so(client, form):
    answers = filled_in(client)
    SignupForm.objects.update(published_at=None)
    for response in (client.get(PAGE), client.post(PAGE, answers)):
        assert response.status_code == 404
        assert "not open yet" in response.content.decode()
    assert Message.objects.count() == 0


def test_an_unknown_form_is_not_found(client):
    assert client.get("/signup/nothing/").status_code == 404


def test_it_takes_no_other_method(client, form):
    assert client.put(PAGE).status_code == 405


def test_a_forged_form_is_refused(form):
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(PAGE, filled_in(strict))
    assert response.status_code == 403
    assert "send it once more" in response.content.decode()
