"""People: masked in every list, opened one at a time, and every opening on record."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from consent.operations.staff import erase_for_person, stop_for_person
from messaging.admin.person import person_context
from messaging.operations.evidence import export_evidence
from subscribers.admin.guarded import ReadOnlyAdmin, attempt, staff
from subscribers.fields import MobileNumberField
from subscribers.models import AccessAction, Subscriber, SubscriberList
from subscribers.operations import record_access

REASONS = [
    ("asked", gettext_lazy("They contacted us")),
    ("complaint", gettext_lazy("They complained")),
    ("signup", gettext_lazy("Checking how they signed up")),
    ("rights", gettext_lazy("They asked for their data or its erasure")),
    ("authority", gettext_lazy("An authority asked")),
]

ERASURE_REASONS = [
    ("", gettext_lazy("Choose")),
    ("person", gettext_lazy("They asked for it")),
    ("guardian", gettext_lazy("A guardian asked for it")),
    ("authority", gettext_lazy("An authority ordered it")),
    ("mistake", gettext_lazy("The number should never have come to us")),
]


class FindForm(forms.Form):
    number = MobileNumberField(
        country=settings.DEFAULT_COUNTRY,
        label=gettext_lazy("Number"),
        help_text=gettext_lazy("The whole number. Nothing is found by parts of it."),
    )
    reason = forms.ChoiceField(label=gettext_lazy("Why do you look?"), choices=REASONS)


class StopForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("How did they tell us?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class EraseForm(forms.Form):
    # Kinds, no free words: what is written here outlives the person's data.
    reason = forms.ChoiceField(label=gettext_lazy("Why?"), choices=ERASURE_REASONS)
    remember_no = forms.TypedChoiceField(
        label=gettext_lazy("If the number comes to us again"),
        coerce=lambda value: value == "yes",
        choices=[
            ("yes", gettext_lazy("no text goes to it: their no is remembered")),
            ("no", gettext_lazy("we do not know it: they want to be forgotten entirely")),
        ],
        initial="yes",
    )


class EvidenceForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why is it exported?"), choices=[("", "—"), *REASONS]
    )


class CountryFilter(admin.SimpleListFilter):
    title = gettext_lazy("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = Subscriber.objects.order_by("country").values_list("country", flat=True).distinct()
        return [(country, country) for country in known if country]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(country=self.value()) if self.value() else queryset


class LanguageFilter(admin.SimpleListFilter):
    title = gettext_lazy("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(settings.LANGUAGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(language=self.value()) if self.value() else queryset


class ListFilter(admin.SimpleListFilter):
    title = gettext_lazy("list")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = SubscriberList.objects.order_by("name")
        return [(str(one.pk), one.name) for one in known]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        if not chosen.isdecimal():
            return queryset
        return queryset.filter(memberships__subscriber_list_id=int(chosen))


class PublicChangeList(ChangeList):
    """Rows are addressed by the random public id; database keys count people."""

    def url_for_result(self, result: Any) -> str:
        return address_of(result)


def address_of(subscriber: Subscriber) -> str:
    return reverse("admin:subscribers_subscriber_change", args=[subscriber.public_id])


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    list_display = ("number", "country", "language", "on_lists", "created_at")
    list_filter = (CountryFilter, LanguageFilter, ListFilter)
    ordering = ("-created_at",)
    change_list_template = "admin/subscribers/subscriber/change_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PublicChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("lists")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Subscriber | None:
        try:
            return Subscriber.objects.filter(public_id=object_id).first()
        except ValidationError:
            return None

    @admin.display(description=gettext_lazy("number"))
    def number(self, subscriber: Subscriber) -> str:
        return subscriber.masked_number or _("erased")

    @admin.display(description=gettext_lazy("lists"))
    def on_lists(self, subscriber: Subscriber) -> str:
        return ", ".join(sorted(one.name for one in subscriber.lists.all()))

    def get_urls(self) -> list[URLPattern]:
        find = self.admin_site.admin_view(sensitive_post_parameters("number")(self.find))
        return [
            path("find/", find, name="subscribers_subscriber_find"),
            self.button(self.stop, name="stop", verb="stop"),
            self.button(self.evidence, name="evidence", verb="evidence"),
            self.button(self.erase, name="erase", verb="erase"),
            *super().get_urls(),
        ]

    def find(self, request: HttpRequest) -> HttpResponse:
        """Look a number up; it travels in the body of a POST and the look is on record."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = FindForm(request.POST or None)
        if form.is_valid():
            found = self._look_up(request, form)
            if found is not None:
                return HttpResponseRedirect(address_of(found))
            messages.info(request, _("We know nobody with this number."))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Find by number"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/subscribers/subscriber/find.html", context)

    def _look_up(self, request: HttpRequest, form: FindForm) -> Subscriber | None:
        found: Subscriber | None = Subscriber.objects.with_number(
            form.cleaned_data["number"].as_e164
        ).first()
        self._record(request, AccessAction.SEARCHED, found, form.cleaned_data["reason"])
        return found

    def _record(
        self, request: HttpRequest, action: AccessAction, person: Subscriber | None, reason: str
    ) -> None:
        record_access(
            actor=staff(request),
            action=action,
            subscriber=person,
            reason=str(dict(REASONS).get(reason, reason)),
            at=timezone.now(),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        person = self.row_or_404(request, object_id)
        self._record(request, AccessAction.VIEWED, person, "")
        return self._page(request, person)

    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.row_or_404(request, object_id)
        form = StopForm(request.POST)
        if not form.is_valid():
            return self._page(request, person, stop_form=form)
        operation = partial(
            stop_for_person,
            actor=staff(request),
            subscriber=person,
            reason=form.cleaned_data["reason"],
            at=timezone.now(),
        )
        attempt(request, operation, done=_("Done. No text goes to this number any more."))
        return HttpResponseRedirect(address_of(person))

    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.row_or_404(request, object_id)
        form = EraseForm(request.POST)
        if not form.is_valid():
            return self._page(request, person, erase_form=form)
        operation = partial(
            erase_for_person,
            actor=staff(request),
            subscriber=person,
            reason=str(dict(ERASURE_REASONS)[form.cleaned_data["reason"]]),
            remember_no=form.cleaned_data["remember_no"],
            at=timezone.now(),
        )
        attempt(request, operation, done=_("Erased. Nothing leads to this person any more."))
        return HttpResponseRedirect(address_of(person))

    def evidence(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bundle for an authority, a carrier or the person; its name is no number."""
        person = self.row_or_404(request, object_id)
        form = EvidenceForm(request.POST)
        if not form.is_valid():
            return self._page(request, person, evidence_form=form)
        bundle = export_evidence(
            actor=staff(request),
            subscriber=person,
            reason=str(dict(REASONS)[form.cleaned_data["reason"]]),
            at=timezone.now(),
        )
        name = f"evidence-{person.subject_reference}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(bundle, content_type="application/zip", headers=headers)

    def _page(self, request: HttpRequest, person: Subscriber, **typed: forms.Form) -> HttpResponse:
        """The person's page; `typed` are the forms that are shown again with what was wrong."""
        context = {
            **self.admin_site.each_context(request),
            **person_context(person, at=timezone.now()),
            "title": person.masked_number or _("Erased"),
            "opts": self.opts,
            "stop_form": StopForm(),
            "may_stop": request.user.has_perm("consent.add_suppression"),
            "evidence_form": EvidenceForm(),
            "may_export": request.user.has_perm("consent.export_evidence"),
            "erase_form": EraseForm(),
            "may_erase": request.user.has_perm("subscribers.erase_subscriber"),
            **typed,
        }
        return TemplateResponse(request, "admin/subscribers/subscriber/person.html", context)
