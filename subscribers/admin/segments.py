"""Writing a segment: every button works by posting the form, scripts only save the waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import NestedObjects
from django.core.exceptions import PermissionDenied
from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from subscribers.admin.drafts import (
    Draft,
    Inputs,
    WrittenRule,
    draft_from_post,
    draft_from_rule,
    empty_draft,
    inputs,
    press,
    settle,
)
from subscribers.admin.guarded import GuardedAdmin
from subscribers.models import Segment, Subscriber
from subscribers.segments import InvalidRule, criteria, describe, matching, parse


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Segment
        fields = ("name",)


@dataclass(frozen=True)
class ShownNode:
    """A node of the draft with all that its template needs."""

    draft: Draft
    inputs: Inputs | None
    children: list[ShownNode]

    @classmethod
    def of(cls, draft: Draft) -> ShownNode:
        offered = None if draft.is_group else inputs(draft)
        return cls(draft, offered, [cls.of(child) for child in draft.children])


def summary(rule: object) -> list[str]:
    """The rule in words, and whom it selects now. Raises `InvalidRule`."""
    people = matching(rule)
    counted = _("%(matching)s of %(everyone)s people match.") % {
        "matching": f"{people.count():,}",
        "everyone": f"{Subscriber.objects.reachable().count():,}",
    }
    tallies = [line for criterion in criteria().values() for line in criterion.tally(people)]
    return [describe(rule), counted, *tallies]


@admin.register(Segment)
class SegmentAdmin(GuardedAdmin):
    list_display = ("name", "in_words", "created_by")
    list_select_related = ("created_by",)
    ordering = ("name",)
    deletable = True

    @admin.display(description=gettext_lazy("who"))
    def in_words(self, segment: Segment) -> str:
        try:
            return describe(segment.rule)
        except InvalidRule as error:
            return _("Needs repair: %(problem)s") % {"problem": error.message}

    def get_urls(self) -> list[URLPattern]:
        count = self.admin_site.admin_view(require_POST(self.count_view))
        return [path("count/", count, name="subscribers_segment_count"), *super().get_urls()]

    def count_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        written = WrittenRule(draft_from_post(request.POST))
        try:
            lines = summary(written.rule)
        except InvalidRule as error:
            lines = [error.message]
        return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        segment = self._segment(request, object_id)
        if segment is None:
            return HttpResponseRedirect(reverse("admin:subscribers_segment_changelist"))
        if request.method == "POST":
            return self._posted(request, segment)
        draft = _stored_draft(segment)
        return self._page(request, segment, SegmentForm(instance=segment), draft)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What is used stays, and the refusal names what uses it."""
        segment = self.get_object(request, object_id)
        users = used_by(segment) if segment else []
        if segment is None or not users:
            return super().delete_view(request, object_id, extra_context)
        words = {"name": segment.name, "users": ", ".join(f"“{each}”" for each in users)}
        messages.error(request, _("“%(name)s” cannot be deleted. It is used by %(users)s.") % words)
        return self.to_page_of(segment)

    def _segment(self, request: HttpRequest, object_id: str | None) -> Segment | None:
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return Segment(created_by_id=request.user.pk)
        segment: Segment | None = self.get_object(request, object_id)
        if segment is None:
            messages.warning(request, _("This segment does not exist any more."))
        elif not self.has_view_or_change_permission(request, segment):
            raise PermissionDenied
        return segment

    def _posted(self, request: HttpRequest, segment: Segment) -> HttpResponse:
        if segment.pk and not self.has_change_permission(request, segment):
            raise PermissionDenied
        draft = press(draft_from_post(request.POST), request.POST.get("press", ""))
        form = SegmentForm(request.POST, instance=segment)
        if "save" not in request.POST:
            unchecked = SegmentForm(instance=segment, initial=request.POST.dict())
            return self._page(request, segment, unchecked, draft)
        written = WrittenRule(draft)
        try:
            parse(written.rule)
        except InvalidRule as error:
            written.blame(error)
            return self._page(request, segment, form, draft)
        if not form.is_valid():
            return self._page(request, segment, form, draft)
        return self._saved(request, form, written.rule)

    def _saved(self, request: HttpRequest, form: SegmentForm, rule: object) -> HttpResponse:
        change = form.instance.pk is not None
        segment = form.save(commit=False)
        segment.rule = rule
        self.save_model(request, segment, form, change)
        log = self.log_change if change else self.log_addition
        log(request, segment, [{"changed": {"fields": ["rule"]}} if change else {"added": {}}])
        messages.success(request, _("“%(name)s” is saved.") % {"name": segment.name})
        return HttpResponseRedirect(reverse("admin:subscribers_segment_change", args=[segment.pk]))

    def _page(
        self, request: HttpRequest, segment: Segment, form: SegmentForm, draft: Draft
    ) -> HttpResponse:
        settle(draft)
        editable = segment.pk is None or self.has_change_permission(request, segment)
        context = {
            **self.admin_site.each_context(request),
            "title": segment.name if segment.pk else _("New segment"),
            "opts": self.opts,
            "segment": segment,
            "form": form,
            "root": ShownNode.of(draft),
            "summary": _summary_or_nothing(draft),
            "editable": editable,
            "deletable": bool(segment.pk) and self.has_delete_permission(request, segment),
            "pressed": request.POST.get("press", "").partition(":")[2],
            "has_errors": form.errors or any(node.error for node in draft.every()),
        }
        return TemplateResponse(request, "admin/subscribers/segment/editor.html", context)


def used_by(segment: Segment) -> list[str]:
    """The names of all rows that refer to it, whichever app they are of."""
    found = NestedObjects(using=DEFAULT_DB_ALIAS)
    found.collect([segment])
    return sorted(str(row) for row in found.protected)


def _stored_draft(segment: Segment) -> Draft:
    return draft_from_rule(segment.rule) if segment.pk else empty_draft()


def _summary_or_nothing(draft: Draft) -> list[str]:
    try:
        return summary(WrittenRule(draft).rule)
    except InvalidRule:
        return []
