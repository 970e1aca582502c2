"""What we make of a provider's webhook. Django's views and the inbox both ask here, so that they
believe, understand and refuse the same.

Nothing here asks the database: the inbox has no place to wait for it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from messaging.models import messages
from messaging.providers.base import InboundText, Provider, ReceiptReport, provider
from messaging.providers.errors import NotSigned, UnknownProvider, Unreadable
from messaging.providers.webhook import Webhook

LARGEST_BODY = 64 * 1024
LONGEST_CODE = 40
REFERENCE = re.compile(messages.REFERENCE)


class Refused(Exception):
    """The answer is `status` and `reason`: fixed words, nothing from the webhook."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(f"{status} {reason}")


TOO_BIG = (413, "body too big")
CUT_OFF = (400, "body cut off")
NOT_FOUND = (404, "not found")
CANNOT_BE_KEPT = (400, "a report that cannot be kept")


def texts_in(webhook: Webhook, *, provider_name: str) -> list[InboundText]:
    """The texts that people sent; raises `Refused`."""
    with _answering():
        return _believed(webhook, provider_name).inbound(webhook)


def receipts_in(webhook: Webhook, *, provider_name: str, reference: str) -> list[ReceiptReport]:
    """What it reports about the text that `reference` stands for; raises `Refused`."""
    with _answering():
        reports = _believed(webhook, provider_name).receipts(webhook, reference)
        if not all(map(_can_be_kept, reports)):
            raise Refused(*CANNOT_BE_KEPT)
    return reports


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except UnknownProvider:
        raise Refused(*NOT_FOUND) from None
    except NotSigned:
        raise Refused(403, "bad signature") from None
    except Unreadable as error:
        raise Refused(400, error.reason) from None


def _believed(webhook: Webhook, name: str) -> Provider:
    sender = provider(name)
    sender.verify(webhook)
    return sender


def _can_be_kept(report: ReceiptReport) -> bool:
    """They may come out of bodies, and one that does not fit spoils a whole group."""
    code = report.error_code
    fits = len(code) <= LONGEST_CODE and code.isprintable()
    return fits and REFERENCE.fullmatch(report.reference) is not None
