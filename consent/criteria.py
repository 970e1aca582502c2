"""What a segment rule may ask about consent."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consent.active import active_consent
from consent.models import Consent, Purpose, PurposeKind, Standing
from subscribers.criteria import CriterionDefaults, labels_of
from subscribers.querysets import SubscriberQuerySet
from subscribers.segments import Choices, Input, Operator, Value

# The database's clock: a saved rule is asked again and again, each time about that moment.
ACTIVE = active_consent(at=Now())
# The same, seen from a purpose or a person.
ACTIVE_CONSENTS = active_consent(at=Now(), through="consents__")
ANSWERS = {
    "agreed": ACTIVE,
    "asked": Q(status=Standing.REQUESTED),
    "withdrew": Q(status=Standing.WITHDRAWN),
}


class AgreedTo(CriterionDefaults):
    code = "purpose"
    label = gettext_lazy("Purpose")

    def operators(self, field: str) -> tuple[Operator, ...]:
        return (
            Operator("agreed", gettext_lazy("agreed, in force today"), Input.CHOICE),
            Operator("not_agreed", gettext_lazy("not agreed"), Input.CHOICE),
            Operator("asked", gettext_lazy("asked, not confirmed"), Input.CHOICE),
            Operator("withdrew", gettext_lazy("withdrew"), Input.CHOICE),
        )

    def choices(self, field: str) -> Choices:
        return list(Purpose.objects.order_by("name").values_list("code", "name"))

    def q(self, field: str, operator: str, value: Value) -> Q:
        answers = Consent.objects.filter(subscriber=OuterRef("pk"), purpose__code=value)
        if operator == "not_agreed":
            return ~Q(Exists(answers.filter(ACTIVE)))
        return Q(Exists(answers.filter(ANSWERS[operator])))

    def words(self, field: str, operator: str, value: Value) -> str:
        phrases = {
            "agreed": _("who agreed to “%(purpose)s”"),
            "not_agreed": _("who have not agreed to “%(purpose)s”"),
            "asked": _("who asked for “%(purpose)s” but have not confirmed"),
            "withdrew": _("who withdrew from “%(purpose)s”"),
        }
        return phrases[operator] % {"purpose": labels_of(value, self.choices(field))}

    def tally(self, people: SubscriberQuerySet) -> list[str]:
        """How many of them may be texted, for each marketing purpose."""
        among = ACTIVE_CONSENTS & Q(consents__subscriber__in=people.values("pk"))
        counted = (
            Purpose.objects.filter(kind=PurposeKind.MARKETING)
            .order_by("name")
            .annotate(agreed=Count("consents", filter=among))
        )
        return [
            ngettext(
                "%(n)s of them agreed to be texted for “%(purpose)s”.",
                "%(n)s of them agreed to be texted for “%(purpose)s”.",
                purpose.agreed,
            )
            % {"n": f"{purpose.agreed:,}", "purpose": purpose.name}
            for purpose in counted
        ]
