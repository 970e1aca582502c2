"""A campaign's way: draft, submitted, approved by a second person, running, finished."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from consent.models import PurposeKind
from consent.policy.requirements import requirements
from messaging.approvals import approval_holds, content_hash
from messaging.audience import audience, countries_of, reachable, rule_of
from messaging.breaker import MOST_FOR_CANARY, canary_size
from messaging.checklist import Checked, checklist
from messaging.composition import templates
from messaging.lengths import ranges
from messaging.models import Campaign, CampaignStatus, MessageState
from messaging.operations import recovery
from messaging.parts import parts
from messaging.placeholders import UnreadableTemplate, with_fallbacks
from messaging.placeholders import problems as unreadable_in
from messaging.places import is_registered, may_reach
from messaging.rules.content import DraftFacts
from messaging.rules.drafts import LONGEST
from messaging.tasks import cut_audiences, wake_soon
from messaging.values import declared
from subscribers.authorization import Staff, authorize
from subscribers.segments import InvalidRule

S = CampaignStatus


class CampaignRefused(Exception):
    """The campaign cannot take this step: `problems` says why, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class UnableToSubmit(CampaignRefused):
    """The draft is not ready."""


class UnableToApprove(CampaignRefused):
    """It cannot be approved as it stands."""


class UnableToMove(CampaignRefused):
    """Its status does not allow this step."""


def draft_facts(campaign: Campaign, *, at: datetime) -> DraftFacts:
    """What the content rules look at, from the campaign as it stands."""
    texts, lengths = _texts_and_lengths(campaign)
    sender, people = campaign.sender, countries_of(audience(campaign))
    countries = frozenset(people) - {""}
    asked = requirements(countries, at=at, kind=campaign.purpose.kind)
    return DraftFacts(
        controller=campaign.purpose.controller,
        texts=texts,
        parts=lengths,
        purpose_is_texted=campaign.purpose.kind != PurposeKind.SHARING,
        is_service=campaign.purpose.kind == PurposeKind.SERVICE,
        sender_is_active=sender.is_active and sender.provider in settings.SMS_PROVIDERS,
        parts_per_second=float(sender.parts_per_second),
        audience=people.total(),
        countries=countries,
        out_of_reach=_out_of_reach(campaign, countries, at),
        prefixes=asked.prefixes,
        required_words=asked.required_words,
        forbids_links=asked.forbids_links,
        own_hosts=own_hosts(),
        unreadable=tuple(_unreadable(campaign)),
    )


def _texts_and_lengths(campaign: Campaign) -> tuple[dict[str, str], dict[str, int]]:
    """As people may get them: with the fallbacks, with the longest answers, and how long."""
    try:
        read, lengths = templates(campaign), ranges(campaign)
    except UnreadableTemplate:
        raw = {text.language: text.body for text in campaign.texts.all()}
        return raw, {language: parts(text) for language, text in raw.items()}
    texts = {language: with_fallbacks(template) for language, template in read.items() if language}
    filled = [language for language in texts if read[language].placeholders]
    texts |= {f"{language}{LONGEST}": lengths[language].longest for language in filled}
    return texts, {language: found.most for language, found in lengths.items() if language}


def _unreadable(campaign: Campaign) -> Iterator[str]:
    known = declared()
    for text in campaign.texts.all():
        yield from (f"{text.language}: {each}" for each in unreadable_in(text.body, known))


def _out_of_reach(campaign: Campaign, countries: Iterable[str], at: datetime) -> frozenset[str]:
    """The countries that the gate would keep this sender from."""
    sender, kind = campaign.sender, campaign.purpose.kind
    asked = {each: requirements(frozenset({each}), at=at, kind=kind) for each in countries}
    return frozenset(
        country
        for country, of_country in asked.items()
        if not (may_reach(sender, country) and is_registered(sender, country, of_country))
    )


def own_hosts() -> frozenset[str]:
    """Where our own links lead."""
    hosts = (urlsplit(settings.PUBLIC_URL).hostname or "", *settings.LINK_DOMAINS)
    return frozenset(host.casefold() for host in hosts) - {""}


def checked(campaign: Campaign, *, at: datetime) -> list[Checked]:
    """The draft beside every content rule. `InvalidRule`: nobody can say who is meant."""
    return checklist(draft_facts(campaign, at=at), campaign.justifications)


def settled(campaign: Campaign, refused: type[CampaignRefused], *, at: datetime) -> list[Checked]:
    """The same, where nothing keeps it from going on; else `refused`, with sentences that state
    what should hold."""
    try:
        lines = checked(campaign, at=at)
    except InvalidRule as error:
        raise refused([_("The segment cannot be read: %(error)s") % {"error": error}]) from None
    if found := [line.problem for line in lines if not line.is_settled]:
        raise refused(found)
    return lines


@transaction.atomic
def note_author(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """Whoever writes or changes a draft is one of its authors from then on."""
    right = "add_campaign" if campaign.created_at == at else "change_campaign"
    authorize(actor=actor, action=f"messaging.{right}", at=at)
    current = _locked(campaign, S.DRAFT)
    current.author_ids = sorted({*current.author_ids, current.created_by_id, actor.pk})
    current.save(update_fields=["author_ids"])


@transaction.atomic
def submit_campaign(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """Hand a finished draft to a second person. The segment's rule is fixed from here on."""
    authorize(actor=actor, action="messaging.submit_campaign", at=at)
    campaign = _locked(campaign, S.DRAFT)
    lines = settled(campaign, UnableToSubmit, at=at)
    # What else was typed than some rule asks for now is no part of the campaign.
    campaign.justifications = {line.rule.code: line.reason for line in lines if line.asks}
    campaign.segment_rule = rule_of(campaign)
    campaign.author_ids = sorted({*campaign.author_ids, campaign.created_by_id, actor.pk})
    campaign.submitted_at = at
    _move(campaign, S.SUBMITTED)


@transaction.atomic
def approve_campaign(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """Approve exactly what stands there now."""
    campaign = _held(campaign)
    action, authors = "messaging.approve_campaign", campaign.author_ids
    authorize(actor=actor, action=action, authors=authors, at=at)
    _expect(campaign, (S.SUBMITTED,))
    settled(campaign, UnableToApprove, at=at)
    campaign.approved_by_id, campaign.approved_at = actor.pk, at
    campaign.approved_hash = content_hash(campaign)
    _move(campaign, S.APPROVED)


@transaction.atomic
def return_to_draft(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """Open it for changes again; whatever was approved no longer is."""
    authorize(actor=actor, action="messaging.submit_campaign", at=at)
    campaign = _locked(campaign, S.SUBMITTED, S.APPROVED)
    campaign.segment_rule = campaign.approved_hash = None
    campaign.approved_by = campaign.approved_at = campaign.submitted_at = None
    _move(campaign, S.DRAFT)


@transaction.atomic
def start_campaign(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """From here on workers cut the audience and send, at the sender's rate."""
    authorize(actor=actor, action="messaging.run_campaign", at=at)
    campaign = _locked(campaign, S.APPROVED)
    if not approval_holds(campaign):
        raise UnableToApprove([_("It is not what was approved: send it back to draft.")])
    campaign.started_at, campaign.started_by_id = at, actor.pk
    some = reachable(campaign, at).order_by()[:MOST_FOR_CANARY]
    campaign.canary_size = canary_size(some.count())
    campaign.lapses_at = at + timedelta(hours=campaign.useful_hours)
    _move(campaign, S.RUNNING)
    transaction.on_commit(partial(wake_soon, cut_audiences), robust=True)


@transaction.atomic
def pause_campaign(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """Nothing more leaves after the turn that is on its way, at most a second."""
    authorize(actor=actor, action="messaging.run_campaign", at=at)
    _move(_locked(campaign, S.RUNNING), S.PAUSED)


@transaction.atomic
def resume_campaign(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    authorize(actor=actor, action="messaging.run_campaign", at=at)
    campaign = _locked(campaign, S.PAUSED)
    if campaign.is_tripped:
        raise UnableToMove([_("The breaker stopped it. Someone else has to let it go on.")])
    _move(campaign, S.RUNNING)


@transaction.atomic
def restart_campaign(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """Let a campaign go on that the breaker stopped: neither an author nor who started it may.

    A new canary goes first, and only what leaves from now on is held against it.
    """
    campaign = _held(campaign)
    authorize(
        actor=actor, action="messaging.restart_campaign", authors=had_a_hand_in(campaign), at=at
    )
    _expect(campaign, (S.PAUSED,))
    if not campaign.is_tripped:
        raise UnableToMove([_("The breaker did not stop it: it can be resumed.")])
    campaign.restarted_at, campaign.restarted_by_id = at, actor.pk
    campaign.canary_size = canary_size(campaign.messages.filter(state=MessageState.QUEUED).count())
    campaign.canary_left_at = campaign.canary_passed_at = None
    _move(campaign, S.RUNNING)


def had_a_hand_in(campaign: Campaign) -> list[int]:
    """The staff who wrote, changed, submitted or started it."""
    everyone = {*campaign.author_ids, campaign.created_by_id, campaign.started_by_id}
    return sorted(pk for pk in everyone if pk is not None)


@transaction.atomic
def cancel_campaign(*, actor: Staff, campaign: Campaign, at: datetime) -> None:
    """For good: nothing leaves any more. What waits becomes cancelled, each with its row."""
    authorize(actor=actor, action="messaging.run_campaign", at=at)
    campaign = _locked(campaign, S.DRAFT, S.SUBMITTED, S.APPROVED, S.RUNNING, S.PAUSED)
    campaign.finished_at = at
    _move(campaign, S.CANCELLED)
    transaction.on_commit(partial(recovery.cancel_waiting, at=at), robust=True)


def _locked(campaign: Campaign, *expected: CampaignStatus) -> Campaign:
    """The row as it is now, locked; refuses when someone else moved it meanwhile."""
    current = _held(campaign)
    _expect(current, expected)
    return current


def _held(campaign: Campaign) -> Campaign:
    # Whoever writes texts of it holds its key, and is not waited for.
    return Campaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)


def _expect(campaign: Campaign, expected: Collection[CampaignStatus]) -> None:
    if campaign.status not in expected:
        status = CampaignStatus(campaign.status).label
        raise UnableToMove([_("The campaign is now: %(status)s.") % {"status": status}])


def _move(campaign: Campaign, status: CampaignStatus) -> None:
    campaign.status = status
    campaign.save()
