"""The library's own words: what it texts about, whom it keeps lists of, what it asks."""

from __future__ import annotations

from typing import Any

from consent.models import PurposeKind
from subscribers.models import AttributeKind

BRANCHES = ["Harbor Street", "North", "Mill Lane"]
AGE_GROUPS = ["16 to 25", "26 to 64", "65 and over"]
LIKES = ["New books", "Children's hour", "Language evenings", "Music and film"]

PURPOSES: dict[str, dict[str, Any]] = {
    "news": {
        "name": "Opening hours and events",
        "description": "When the three branches are open and what happens in them.",
        "kind": PurposeKind.MARKETING,
    },
    "offers": {
        "name": "Offers of the library shop",
        "description": "Second-hand books, prints, bags and tea from the shop at Harbor Street.",
        # Those who said yes first are about to be asked whether it still stands.
        "consent_valid_days": 365,
        "kind": PurposeKind.MARKETING,
    },
    "reminders": {
        "name": "Your loans and reservations",
        "description": "A loan that is due soon, or a reservation that waits at the desk.",
        "kind": PurposeKind.SERVICE,
    },
}

READERS, FRIENDS, CUSTOMERS = "Readers", "Friends of the library", "Shop customers"
LISTS = {
    READERS: "Whoever signed up at a desk or on the website of the library.",
    FRIENDS: "Members of the friends' association, who bake the cakes.",
    CUSTOMERS: "Whoever signed up at the till of the library shop.",
}

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "branch": {
        "label": "Your branch",
        "kind": AttributeKind.CHOICE,
        "choices": BRANCHES,
        "reason": "So that you hear about the branch you go to.",
    },
    "age_group": {
        "label": "Age group",
        "kind": AttributeKind.CHOICE,
        "choices": AGE_GROUPS,
        "reason": "Some events are for one age only.",
    },
    "member_since": {
        "label": "Member since",
        "kind": AttributeKind.DATE,
        "reason": "We thank people on their library birthday.",
    },
    "last_purchase_eur": {
        "label": "Last purchase (euros)",
        "kind": AttributeKind.NUMBER,
        "reason": "So that the shop does not offer what you have just bought.",
        "retention_days": 365,
    },
    "likes": {
        "label": "What you like most",
        "kind": AttributeKind.CHOICE,
        "choices": LIKES,
        "reason": "So that you hear of what you would come for.",
    },
}

# The first country is the one assumed where no + is typed.
COUNTRIES = ["GB", "US", "FR", "AU", "SE"]
NEWS_FORM, SHOP_FORM, CAMP_FORM, YOUNG_FORM = "news", "shop", "camp", "young"
FORMS: dict[str, dict[str, Any]] = {
    NEWS_FORM: {
        "title": "Texts from the library",
        "introduction": "Know when we are open late, closed for painters, or full of music.",
        "placement": "The website of the library, and the tablet on each desk.",
        "reason_for_number": "A text is the one thing people read before they set out.",
        "alternative": "The notice board at each entrance, and the page of opening hours.",
    },
    SHOP_FORM: {
        "title": "Offers from the library shop",
        "introduction": "Old books look for new shelves. Hear first when a good one goes.",
        "placement": "The till of the library shop at Harbor Street.",
        "reason_for_number": "Single copies are gone within the hour.",
        "alternative": "The trolley beside the till, every morning at ten.",
    },
    YOUNG_FORM: {
        "title": "Texts for young readers",
        "introduction": "Comics, games and the writing club. Below 16, with your guardian's yes.",
        "takes_minors": True,
        "placement": "The poster in the reading corner of each branch.",
        "reason_for_number": "So that you know what is on after school.",
        "alternative": "The board in the reading corner, and whoever sits at the desk.",
    },
    CAMP_FORM: {
        "title": "The reading camp in summer",
        "introduction": "Three nights, four tents and forty books at Mill Lane.",
        "placement": "The leaflet of the reading camp.",
        "reason_for_number": "Tents move when it rains.",
        "alternative": "Call the desk at Mill Lane, from eight in the morning.",
    },
}

Rule = dict[str, object]


def _asks(criterion: str, operator: str, value: object, field: str = "") -> Rule:
    return {"criterion": criterion, "field": field, "operator": operator, "value": value}


MILL_LANE, FAMILIES, TREASURE, ABROAD = (
    "Mill Lane and nearby",
    "Families with evenings free",
    "Shop regulars who like new books",
    "Readers who prefer French, Spanish or German",
)
SEGMENTS: dict[str, Rule] = {
    MILL_LANE: {
        "all": [
            _asks("attribute", "is_any_of", ["Mill Lane"], "branch"),
            _asks("country", "is_any_of", ["GB"]),
        ]
    },
    FAMILIES: {
        "all": [
            _asks("attribute", "is_any_of", ["Children's hour", "Music and film"], "likes"),
            {"not": _asks("attribute", "is_any_of", ["65 and over"], "age_group")},
        ]
    },
    TREASURE: {
        "all": [
            _asks("purpose", "agreed", "offers"),
            {
                "any": [
                    _asks("attribute", "at_least", 20, "last_purchase_eur"),
                    _asks("attribute", "is_any_of", ["New books"], "likes"),
                ]
            },
        ]
    },
    ABROAD: {
        "all": [
            _asks("language", "is_any_of", ["fr", "es", "de"]),
            _asks("purpose", "agreed", "news"),
        ]
    },
}

YES_IN = {"en": ["YES", "Yes", "yes please"], "fr": ["OUI", "Oui"], "es": ["SI", "sí"],
          "de": ["JA", "ja!"]}  # fmt: skip
STOP_IN = {"en": ["STOP", "Stop", "UNSUBSCRIBE"], "fr": ["STOP", "ARRÊT"], "es": ["STOP", "BAJA"],
           "de": ["STOPP", "Abmelden"]}  # fmt: skip
HELP_IN = {"en": "HELP", "fr": "AIDE", "es": "AYUDA", "de": "HILFE"}
CHATTER = [
    "Thank you, see you there!",
    "Is there parking at North?",
    "Lovely evening, do it again",
    "Can I bring my dog?",
    "Do I have to book for the reading?",
    "My card is lost, what now",
]
UNCLEAR = [
    "please not so many of these",
    "who gave you this number",
    "i never signed up for so much",
    "who is this please",
    "not now thanks",
]

ANY_HOUR = (
    "So that the demo can be tried at any hour. End this, and campaigns to British numbers wait "
    "for the morning, as those to other countries do."
)
