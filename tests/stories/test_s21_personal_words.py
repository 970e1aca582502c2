"""S21: personal words with a fallback; how long each text is and what it costs is known before."""

from __future__ import annotations

from django.utils import timezone

from messaging.admin.summary import summarize
from messaging.models import Message
from messaging.parts import parts
from subscribers.models import Attribute
from tests import cast

HOSTILE = "see evil.example/x\n"


def named(number, name):
    person = cast.confirmed(number, at=timezone.now() - cast.DAY)
    person.attributes = {"first_name": name} if name else {}
    person.save()
    return person


def test_each_phone_shows_the_right_words_and_the_cost_was_known_before(town):
    Attribute.objects.create(
        code="first_name", label="First name", kind="text", reason="to greet you"
    )
    for number, name in ((cast.ALICE, "Łucja"), (cast.BOB, ""), (cast.CAROL, HOSTILE)):
        named(number, name)
    draft = cast.draft("Hello {first_name|friend}, we are open until ten on Friday.")
    before = summarize(draft, at=timezone.now())
    campaign = town.run(draft)
    shown = {
        name: town.phone(number).gets("until ten")
        for name, number in (("alice", cast.ALICE), ("bob", cast.BOB), ("carol", cast.CAROL))
    }
    words = "Harbor Street Library: Hello {}, we are open until ten on Friday. Reply STOP to end."
    assert shown == {
        "alice": words.format("Łucja"),
        "bob": words.format("friend"),
        "carol": words.format("friend"),
    }
    assert (before.parts, before.cost.parts) == ({1: 2, 2: 1}, 4)
    [preview] = before.previews
    assert preview.lengths.fewest <= min(map(parts, shown.values()))
    assert preview.lengths.most >= max(map(parts, shown.values()))
    charged = Message.objects.filter(campaign=campaign).values_list("parts", flat=True)
    assert sorted(charged) == [1, 1, 2]
