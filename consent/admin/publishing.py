"""Publishing: save, look at exactly what becomes public, then decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from consent.operations.publishing import UnableToPublish
from subscribers.admin.guarded import GuardedAdmin, refusal_lines
from subscribers.authorization import NotAuthorized


class PublishableAdmin(GuardedAdmin):
    """Rows that are written as drafts. The button that publishes is one of the form itself, so
    what was typed is saved before anything else happens."""

    publish_permission: ClassVar[str]
    publish_template: ClassVar[str]
    published_message: ClassVar[Any]

    def publication(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page shows before it is public: at least `shown`, which names the content."""
        raise NotImplementedError

    def publishing(self, request: HttpRequest, row: Any) -> Callable[[], object]:
        """The operation; it raises `UnableToPublish` or `NotAuthorized`."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.publish)
        name = f"{self.opts.app_label}_{self.opts.model_name}_publish"
        return [path("<path:object_id>/publish/", view, name=name), *super().get_urls()]

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._saved(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._saved(request, obj)

    def _saved(self, request: HttpRequest, row: Any) -> HttpResponse:
        messages.success(request, _("The draft is saved."))
        if "_publish" not in request.POST:
            return self.to_page_of(row)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_publish"
        return HttpResponseRedirect(reverse(name, args=[row.pk]))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_publish"] = request.user.has_perm(self.publish_permission)
        return super().render_change_form(request, context, *args, **kwargs)

    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Everything that becomes public, and the button; it takes nothing else than that."""
        row = self.row_or_404(request, object_id)
        if not request.user.has_perm(self.publish_permission):
            raise PermissionDenied
        if row.published_at is not None:
            messages.warning(request, _("It is published already."))
            return self.to_page_of(row)
        problems = self._published(request, row) if request.method == "POST" else []
        if problems is None:
            return self.to_page_of(row)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Publish"),
            "opts": self.opts,
            "row": row,
            "refused": problems,
            **self.publication(request, row),
        }
        return TemplateResponse(request, self.publish_template, context)

    def _published(self, request: HttpRequest, row: Any) -> list[str] | None:
        """What is in the way, one sentence each; None once it is public."""
        if request.POST.get("shown") != self.publication(request, row)["shown"]:
            return [_("It changed while you were looking. Please look again.")]
        try:
            self.publishing(request, row)()
        except (UnableToPublish, NotAuthorized) as refusal:
            return refusal_lines(refusal)
        self.log_change(request, row, [{"changed": {"fields": ["published_at"]}}])
        messages.success(request, self.published_message)
        return None
