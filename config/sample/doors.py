"""The doors that people really use: the signup page, the code, the phone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from django.conf import settings
from django.utils import translation

from config.sample import words
from config.sample.library import Library
from config.sample.people import Person, Visit
from config.sample.sending import settle_system_texts
from consent.circumstances import Circumstances
from consent.forms import SignupRequest
from consent.open_forms import OpenForm, open_form
from consent.operations.answers import confirm_with_code
from consent.operations.guardianship import Household, ask_guardian
from consent.operations.signup import Request, request_consent
from consent.young_forms import YoungSignupRequest
from messaging.models import Message, MessageKind
from messaging.operations.inbound import receive_text
from messaging.providers.base import InboundText
from messaging.texts import text_of
from subscribers.models import Subscriber
from subscribers.operations import add_to_list, change_settings, set_attributes

BROWSER = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


@dataclass(frozen=True)
class ShownPage:
    page: OpenForm
    shown_text: str
    asked: frozenset[str]


@dataclass
class Doors:
    """`luck` chooses the words of replies."""

    library: Library
    luck: Random
    _pages: dict[tuple[str, str], ShownPage] = field(default_factory=dict)
    _texts_received: int = 0

    def ask(self, person: Person, visit: Visit, at: datetime) -> None:
        shown = self._page(visit.form, person.phone.language, at)
        page = shown.page
        ticked = [p for p in page.promises if p.purpose.code in visit.purposes]
        visit.token = request_consent(
            form=page.form,
            version=page.version,
            e164=person.phone.e164,
            purposes=ticked,
            language=person.phone.language,
            attributes={
                code: each for code, each in person.attributes.items() if code in shown.asked
            },
            age_asserted=f"{page.age_asked} or older",
            circumstances=Circumstances(
                page_address=f"{settings.PUBLIC_URL}/signup/{visit.form}/",
                shown_text=shown.shown_text,
                boxes={p.purpose.code: p in ticked for p in page.promises},
                client_address=_home_address(person),
                user_agent=BROWSER,
            ),
            at=at,
        )
        settle_system_texts()

    def ask_guardian(self, person: Person, guardian: str, until: date, at: datetime) -> None:
        """At the form for young readers; the words are those of a browser of that age."""
        page = self._page(words.YOUNG_FORM, person.phone.language, at).page
        news = [promise for promise in page.promises if promise.purpose.code == "news"]
        wish = Request(
            form=page.form,
            version=page.version,
            purposes=news,
            language=person.phone.language,
            method="page",
            attributes={"branch": person.attributes["branch"]},
            age_asserted=f"younger than {page.age_asked}",
            circumstances=Circumstances(
                page_address=f"{settings.PUBLIC_URL}/signup/{words.YOUNG_FORM}/",
                shown_text=YoungSignupRequest(page, today=at.date()).shown_text,
                boxes={p.purpose.code: p in news for p in page.promises},
                client_address=_home_address(person),
                user_agent=BROWSER,
            ),
        )
        household = Household(e164=person.phone.e164, guardian_e164=guardian, under_age_until=until)
        ask_guardian(request=wish, household=household, at=at)
        settle_system_texts()

    def _page(self, slug: str, language: str, at: datetime) -> ShownPage:
        """The form as a browser shows it in that language, and all its words."""
        if (slug, language) not in self._pages:
            with translation.override(language):
                page = open_form(self.library.forms[slug], language, at=at)
                if page is None:
                    raise LookupError(slug)
                asked = page.form.attributes.values_list("code", flat=True)
                shown = ShownPage(page, SignupRequest(page).shown_text, frozenset(asked))
            self._pages[slug, language] = shown
        return self._pages[slug, language]

    def answer(self, person: Person, visit: Visit, at: datetime) -> None:
        if visit.types_code:
            confirm_with_code(token=visit.token, code=_code_on_phone(person), at=at)
        else:
            self.text(person, self.luck.choice(words.YES_IN[person.phone.language]), at)
        self._settle_in(person, visit, at)

    def _settle_in(self, person: Person, visit: Visit, at: datetime) -> None:
        """What people set on their page, and what staff know of them."""
        subscriber = subscriber_of(person)
        kept = set() if person.number % 3 else {"member_since"}
        kept |= {"last_purchase_eur"} if visit.form == words.SHOP_FORM else set()
        if kept:
            values = {code: person.attributes[code] for code in kept}
            set_attributes(subscriber=subscriber, values=values)
        change_settings(
            subscriber=subscriber,
            language=person.phone.language,
            time_zone=person.phone.time_zone if person.number % 8 else "",
            region=person.phone.region if person.number % 3 else "",
        )
        if person.number % 5 == 0:
            friends = self.library.lists[words.FRIENDS]
            add_to_list(subscriber=subscriber, subscriber_list=friends, at=at)

    def text(self, person: Person, body: str, at: datetime) -> None:
        self.text_from(person.phone.e164, body, at)

    def text_from(self, e164: str, body: str, at: datetime) -> None:
        self._texts_received += 1
        text = InboundText(
            provider_message_id=f"sample-in-{self._texts_received}",
            from_number=e164,
            to_address=self.library.sender.address,
            body=body,
        )
        receive_text(provider="simulator", text=text, at=at)


def subscriber_of(person: Person) -> Subscriber:
    found: Subscriber = Subscriber.objects.with_number(person.phone.e164).get()
    return found


def _home_address(person: Person) -> str:
    """Everyone has a network of their own, of the range for documentation (RFC 3849)."""
    return f"2001:db8:{person.number + 1:x}::1"


def on_own_page(person: Person) -> Circumstances:
    return Circumstances(
        page_address=f"{settings.PUBLIC_URL}/preferences/choices/",
        client_address=_home_address(person),
        user_agent=BROWSER,
    )


def _code_on_phone(person: Person) -> str:
    """Read from the last confirmation text, as the person does."""
    text = Message.objects.filter(
        subscriber=subscriber_of(person), kind=MessageKind.CONFIRMATION
    ).latest("queued_at")
    found = re.search(r"\b\d{6}\b", text_of(text))
    return found.group() if found else ""
