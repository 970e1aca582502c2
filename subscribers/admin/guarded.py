"""The base of every staff page about data.

Django answers any `?field__startswith=` on a list of rows, which would read masked data out
digit by digit, and lets superusers delete what has to stay. Here only what a page declares is
answered, and nothing is deleted unless the page says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin, ShowFacets, SimpleListFilter, StackedInline
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Field, Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_POST

from subscribers.authorization import NotAuthorized, authorize


# Django's own classes take no type arguments when they run.
class PlainChoices(BaseModelAdmin):  # type: ignore[type-arg]
    """Related rows are chosen here and written on their own pages, not in pop-up windows."""

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: Any, **kwargs: Any) -> Any:
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            formfield.widget = formfield.widget.widget
        return formfield


class GuardedInline(PlainChoices, StackedInline):  # type: ignore[type-arg]
    """Rows written on the page of the row they belong to."""


class GuardedAdmin(PlainChoices, ModelAdmin):  # type: ignore[type-arg]
    """Answers only its own filters, asks `authorize` before it saves or deletes, and deletes
    nothing unless it is `deletable`."""

    show_facets = ShowFacets.NEVER
    list_per_page = 50
    deletable: ClassVar[bool] = False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise SuspiciousOperation
        titled = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        return super().changelist_view(request, titled)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in self.answered_lookups(request)

    def answered_lookups(self, request: HttpRequest | None) -> set[str]:
        declared = self.get_list_filter(request) if request else self.list_filter
        return set().union(*(_lookups_of(item) for item in declared))

    def button(self, view: Callable[..., HttpResponse], *, name: str, verb: str) -> URLPattern:
        """The address of a button on one row's page: staff only, POST only."""
        guarded = self.admin_site.admin_view(require_POST(view))
        label = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(f"<path:object_id>/{verb}/", guarded, name=label)

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The row behind an address; 403 for whoever may not even look at it."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return row

    def to_page_of(self, row: Model) -> HttpResponse:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=[row.pk]))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.deletable and super().has_delete_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool
    ) -> None:
        self._authorize(request, "change" if change else "add")
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self._authorize(request, "delete")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._authorize(request, "delete")
        super().delete_queryset(request, queryset)

    def _authorize(self, request: HttpRequest, verb: str) -> None:
        """Superusers hold every permission; the vetoes bind them here."""
        action = f"{self.opts.app_label}.{verb}_{self.opts.model_name}"
        authorize(actor=staff(request), action=action, at=timezone.now())


class ReadOnlyAdmin(GuardedAdmin):
    """Rows that only operations write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _lookups_of(item: Any) -> set[str]:
    if isinstance(item, type) and issubclass(item, SimpleListFilter):
        return {str(item.parameter_name)}
    name = item[0] if isinstance(item, (tuple, list)) else item
    return {f"{name}__exact", f"{name}__id__exact", f"{name}__isnull"}


def staff(request: HttpRequest) -> Any:
    """The signed-in member of staff; staff pages are reached by nobody else."""
    return request.user


def attempt(
    request: HttpRequest,
    operation: Callable[[], object],
    *,
    refusals: tuple[type[Exception], ...] = (),
    done: str = "",
) -> bool:
    """Run one operation; what it refuses is told to the member of staff, line by line."""
    expected: tuple[type[Exception], ...] = (NotAuthorized, *refusals)
    try:
        operation()
    except expected as refusal:
        for line in refusal_lines(refusal):
            messages.error(request, line)
        return False
    if done:
        messages.success(request, done)
    return True


def refusal_lines(refusal: Exception) -> list[str]:
    problems = getattr(refusal, "problems", None)
    if problems:
        return [str(problem) for problem in problems]
    return [str(getattr(refusal, "reason", "") or refusal)]
