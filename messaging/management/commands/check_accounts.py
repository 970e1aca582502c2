from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from messaging.accounts import Account, Problem, accounts
from messaging.models import Campaign


class Command(BaseCommand):
    help = (
        "Checks that everyone a campaign considered has one text in one possible state; "
        "exit status 0 if all accounts add up, 1 if not, 2 if the question was asked wrongly."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=int, help="its id; default: all that were started")
        parser.add_argument("--json", action="store_true", help="one JSON object per line")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign_id: int | None = options["campaign"]
        if campaign_id is not None and not _was_started(campaign_id):
            raise CommandError(f"There is no started campaign {campaign_id}.", returncode=2)
        found = accounts(at=timezone.now(), campaign_id=campaign_id)
        for account in found:
            self.stdout.write(json.dumps(as_json(account)) if options["json"] else line(account))
        if not all(account.adds_up for account in found):
            sys.exit(1)


def _was_started(campaign_id: int) -> bool:
    return Campaign.objects.filter(pk=campaign_id, started_at__isnull=False).exists()


def line(account: Account) -> str:
    states = " + ".join(f"{count} {state}" for state, count in sorted(account.by_state.items()))
    about = f"campaign {account.campaign_id} ({account.status}): {account.people} people"
    written = "" if account.complete else "; not all of its audience is written"
    verdict = "adds up" if account.adds_up else "DOES NOT ADD UP: "
    wrong = "; ".join(map(_in_words, account.problems))
    return f"{about}{f' = {states}' if states else ''}{written}; {verdict}{wrong}"


def _in_words(problem: Problem) -> str:
    named = f" (messages {', '.join(map(str, problem.ids))}{_more(problem)})" if problem.ids else ""
    return f"{problem.count} {problem.words}{named}"


def _more(problem: Problem) -> str:
    return ", …" if problem.count > len(problem.ids) else ""


def as_json(account: Account) -> dict[str, object]:
    """What scripts read: the same facts, `problems` by code."""
    return {
        "campaign": account.campaign_id,
        "status": str(account.status),
        "people": account.people,
        "complete": account.complete,
        "by_state": {str(state): count for state, count in account.by_state.items()},
        "adds_up": account.adds_up,
        "problems": [
            {"code": problem.code, "count": problem.count, "messages": list(problem.ids)}
            for problem in account.problems
        ],
    }
