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

from consent.operations.staff import (
    erase_for_person,
    lift_restriction,
    restrict_person,
    revoke_links_for_person,
    stop_for_person,
)
from messaging.admin.person import person_context
from messaging.admin.person_forms import (
    ERASURE_REASONS,
    REASONS,
    RESTRICTION_REASONS,
    EraseForm,
    EvidenceForm,
    FindForm,
    RestrictionForm,
    StopForm,
    WhyForm,
)
from messaging.admin.why import why_context
from messaging.models import Campaign
from messaging.operations.evidence import UnableToExport, export_evidence
from subscribers.admin.guarded import ReadOnlyAdmin, attempt, staff
from subscribers.countries import name_with_code
from subscribers.models import AccessAction, Subscriber, SubscriberList
from subscribers.operations import record_access


class CountryFilter(admin.SimpleListFilter):
    title = gettext_lazy("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = Subscriber.objects.order_by("country").values_list("country", flat=True).distinct()
        return [(country, name_with_code(country)) for country in known if country]

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
            self.button(self.restrict, name="restrict", verb="restrict"),
            self.button(self.revoke_links, name="revoke_links", verb="links"),
            path(
                "<path:object_id>/why/",
                self.admin_site.admin_view(self.why),
                name="subscribers_subscriber_why",
            ),
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
            messages.warning(request, _("We know nobody with this number."))
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

    def restrict(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep the data without using it, or use it again: whichever is not so now."""
        person = self.row_or_404(request, object_id)
        form = RestrictionForm(request.POST)
        if not form.is_valid():
            return self._page(request, person, restriction_form=form)
        lifts = person.restricted_at is not None
        operation = partial(
            lift_restriction if lifts else restrict_person,
            actor=staff(request),
            subscriber=person,
            reason=str(dict(RESTRICTION_REASONS)[form.cleaned_data["reason"]]),
            at=timezone.now(),
        )
        done = _("Lifted.") if lifts else _("Restricted. No campaign goes to this person.")
        attempt(request, operation, done=done)
        return HttpResponseRedirect(address_of(person))

    def revoke_links(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.row_or_404(request, object_id)
        operation = partial(
            revoke_links_for_person, actor=staff(request), subscriber=person, at=timezone.now()
        )
        attempt(request, operation, done=_("Done. No earlier link opens their page any more."))
        return HttpResponseRedirect(address_of(person))

    def why(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What every rule says about one campaign for this person; the look is on record."""
        person = self.row_or_404(request, object_id)
        form = WhyForm(request.GET or None)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Would they get it?"),
            "opts": self.opts,
            "person": person,
            "form": form,
        }
        if form.is_valid():
            self._record(request, AccessAction.VIEWED, person, _("Why a campaign reaches them"))
            campaign = Campaign.objects.select_related("purpose", "sender").get(
                pk=form.cleaned_data["campaign"]
            )
            context |= why_context(person, campaign, timezone.now())
        return TemplateResponse(request, "admin/subscribers/subscriber/why.html", context)

    def evidence(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bundle for an authority, a carrier or the person; its name is no number."""
        person = self.row_or_404(request, object_id)
        form = EvidenceForm(request.POST)
        if not form.is_valid():
            return self._page(request, person, evidence_form=form)
        try:
            bundle = export_evidence(
                actor=staff(request),
                subscriber=person,
                reason=str(dict(REASONS)[form.cleaned_data["reason"]]),
                held_sizes=form.cleaned_data["held_sizes"],
                at=timezone.now(),
            )
        except UnableToExport as refusal:
            # Not back to the person's page: without the key there is nothing to show.
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:index"))
        name = f"evidence-{person.subject_reference}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(bundle, content_type="application/zip", headers=headers)

    def _page(self, request: HttpRequest, person: Subscriber, **typed: forms.Form) -> HttpResponse:
        """The person's page; `typed` are the forms that are shown again with what was wrong."""
        context = {
            **self.admin_site.each_context(request),
            **person_context(person, at=timezone.now()),
            "title": person.masked_number or _("Erased"),
            "country": name_with_code(person.country),
            "language": dict(settings.LANGUAGES).get(person.language, person.language),
            "opts": self.opts,
            "stop_form": StopForm(),
            "may_stop": request.user.has_perm("consent.add_suppression"),
            "evidence_form": EvidenceForm(),
            "may_export": request.user.has_perm("consent.export_evidence"),
            "erase_form": EraseForm(),
            "restriction_form": RestrictionForm(),
            "may_restrict": request.user.has_perm("subscribers.restrict_subscriber"),
            "may_erase": request.user.has_perm("subscribers.erase_subscriber"),
            **typed,
        }
        return TemplateResponse(request, "admin/subscribers/subscriber/person.html", context)
