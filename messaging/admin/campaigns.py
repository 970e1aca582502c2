"""Campaigns: written as drafts, then moved one deliberate step at a time."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from messaging.admin.drafting import CampaignForm
from messaging.admin.dry_run import StartForm, dry_run_context
from messaging.admin.progress import progress_context
from messaging.admin.steps import STEPS, Step, button, next_button, other_buttons, way
from messaging.admin.summary import lines, shown, summarize
from messaging.admin.watch import trip_context
from messaging.admin.words import CampaignTextForm
from messaging.models import Campaign, CampaignStatus, CampaignText
from messaging.operations.campaigns import CampaignRefused, note_author
from messaging.operations.words import use_replacements
from subscribers.admin.guarded import GuardedAdmin, GuardedInline, attempt, staff
from subscribers.segments import InvalidRule

STARTED = (
    CampaignStatus.RUNNING,
    CampaignStatus.PAUSED,
    CampaignStatus.FINISHED,
    CampaignStatus.CANCELLED,
)


class TextInline(GuardedInline):
    model = CampaignText
    form = CampaignTextForm
    extra = 0
    min_num = 1
    max_num = len(settings.LANGUAGES)
    fields = ("language", "body")


@admin.register(Campaign)
class CampaignAdmin(GuardedAdmin):
    form = CampaignForm
    inlines: ClassVar = [TextInline]
    list_display = ("name", "status_in_words", "purpose", "subscriber_list", "author", "created_at")
    list_filter = ("status", "purpose")
    list_select_related = ("purpose", "subscriber_list", "created_by")
    ordering = ("-created_at",)
    fields = (
        "name",
        "purpose",
        "subscriber_list",
        "segment",
        "sender",
        "useful_hours",
        "weight",
        "fit_for_minors",
    )
    change_form_template = "admin/messaging/campaign/change_form.html"

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def status_in_words(self, campaign: Campaign) -> SafeString:
        return format_html(
            '<span class="state state-{}">{}</span>', campaign.status, campaign.status_in_words
        )

    @admin.display(description=gettext_lazy("written by"))
    def author(self, campaign: Campaign) -> str:
        return str(campaign.created_by)

    def get_urls(self) -> list[URLPattern]:
        step = self.admin_site.admin_view(self.step)
        progress = self.admin_site.admin_view(self.progress)
        dry_run = self.admin_site.admin_view(self.dry_run)
        words = self.admin_site.admin_view(require_POST(self.use_replacements))
        address = "<int:object_id>/replacements/<slug:language>/"
        return [
            path("<int:object_id>/dry-run/", dry_run, name="messaging_campaign_dry_run"),
            path(address, words, name="messaging_campaign_replacements"),
            path("<int:object_id>/steps/<slug:verb>/", step, name="messaging_campaign_step"),
            path("<int:object_id>/progress/", progress, name="messaging_campaign_progress"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was submitted stays as it is until it is sent back."""
        is_draft = obj is None or obj.status == CampaignStatus.DRAFT
        return is_draft and super().has_change_permission(request, obj)

    @transaction.atomic
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and object_id and not _is_still_draft(object_id):
            messages.error(request, _("It is no longer a draft. Your changes were not saved."))
            return redirect("admin:messaging_campaign_change", object_id)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool
    ) -> None:
        if not change:
            obj.created_by, obj.created_at = request.user, timezone.now()
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        campaign: Campaign = form.instance
        at = timezone.now() if change else campaign.created_at
        note_author(actor=staff(request), campaign=campaign, at=at)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        campaign = kwargs.get("obj")
        if campaign is not None:
            context |= self._standing(request, campaign)
            form = context["adminform"].form if self._is_drafted(request, campaign) else None
            context["lines"] = lines(context["summary"], form)
        return super().render_change_form(request, context, *args, **kwargs)

    def _is_drafted(self, request: HttpRequest, campaign: Campaign) -> bool:
        """This person may write it now, so the page is a form."""
        return self.has_change_permission(request, campaign)

    def _standing(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        at = timezone.now()
        started = campaign.status in STARTED and campaign.started_at is not None
        return {
            "title": campaign.name,
            "subtitle": None,
            "way": way(campaign),
            "next_button": next_button(campaign, staff(request), at),
            "other_buttons": other_buttons(campaign, staff(request), at),
            "submit_button": button(STEPS["submit"], campaign, staff(request), at),
            "summary": summarize(campaign, at=at),
            **(progress_context(campaign) if started else {}),
        }

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, _("The draft is saved. Look at it, then submit it below."))
        return self.to_page_of(obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if "_submit" in request.POST:
            return self._take(request, obj, STEPS["submit"])
        messages.success(request, _("The draft is saved."))
        return self.to_page_of(obj)

    def progress(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The part of the page that changes while a campaign runs."""
        campaign = self.row_or_404(request, str(object_id))
        template = "admin/messaging/campaign/progress.html"
        return TemplateResponse(request, template, progress_context(campaign))

    def dry_run(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Who would get it and when, on a virtual clock."""
        campaign = self.row_or_404(request, str(object_id))
        form = StartForm(request.GET if "start" in request.GET else {"start": ""})
        context = {
            **self.admin_site.each_context(request),
            "title": _("Dry run"),
            "opts": self.opts,
            "campaign": campaign,
            "form": form,
        }
        if form.is_valid():
            try:
                context |= dry_run_context(campaign, form.cleaned_data["start"])
            except InvalidRule as error:
                context["problem"] = _("The segment cannot be read: %(error)s") % {"error": error}
        return TemplateResponse(request, "admin/messaging/campaign/dry_run.html", context)

    def use_replacements(self, request: HttpRequest, object_id: int, language: str) -> HttpResponse:
        """The author saw what would change, and said so."""
        campaign = self.row_or_404(request, str(object_id))
        if not self._was_seen(request, campaign):
            return self.to_page_of(campaign)
        operation = partial(
            use_replacements,
            actor=staff(request), campaign=campaign, language=language, at=timezone.now(),
        )  # fmt: skip
        done = _("The characters are replaced. The draft is saved.")
        if attempt(request, operation, refusals=(CampaignRefused,), done=done):
            self.log_change(request, campaign, [{"changed": {"fields": ["texts"]}}])
        return self.to_page_of(campaign)

    def _was_seen(self, request: HttpRequest, campaign: Campaign) -> bool:
        """What the page named is what stands there now."""
        if request.POST.get("shown") == shown(campaign):
            return True
        messages.error(request, _("It changed while you were looking. Please look again."))
        return False

    def step(self, request: HttpRequest, object_id: int, verb: str) -> HttpResponse:
        """One step. Steps with a page show everything first, and take nothing else than that."""
        campaign = self.row_or_404(request, str(object_id))
        step = STEPS.get(verb)
        if step is None:
            raise Http404
        if request.method == "POST":
            return self._take(request, campaign, step)
        if not step.has_page:
            return HttpResponseNotAllowed(["POST"])
        return self._step_page(request, campaign, step)

    def _take(self, request: HttpRequest, campaign: Campaign, step: Step) -> HttpResponse:
        if step.has_page and not self._was_seen(request, campaign):
            return self.to_page_of(campaign)
        operation = partial(
            step.operation, actor=staff(request), campaign=campaign, at=timezone.now()
        )
        refusals = (CampaignRefused, InvalidRule)
        if attempt(request, operation, refusals=refusals, done=str(step.done)):
            self.log_change(request, campaign, [{"changed": {"fields": ["status"]}}])
        return self.to_page_of(campaign)

    def _step_page(self, request: HttpRequest, campaign: Campaign, step: Step) -> HttpResponse:
        at = timezone.now()
        summary = summarize(campaign, at=at)
        context = {
            **self.admin_site.each_context(request),
            "title": step.label,
            "opts": self.opts,
            "campaign": campaign,
            "step": step,
            "refusal": button(step, campaign, staff(request), at).refusal,
            "summary": summary,
            "lines": lines(summary),
            "trip": trip_context(campaign),
            "way": way(campaign),
        }
        return TemplateResponse(request, "admin/messaging/campaign/step.html", context)


def _is_still_draft(object_id: str) -> bool:
    """Holds the row until the request is answered, so that nobody moves it meanwhile."""
    if not object_id.isdecimal():
        return True
    locked = Campaign.objects.select_for_update(of=("self",)).filter(pk=int(object_id)).first()
    return locked is None or locked.status == CampaignStatus.DRAFT
