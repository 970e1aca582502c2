"""The HTTP side: one kind of request, POST /providers/<name>/receipts/<reference>/."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from django.conf import settings

from messaging.inbox.groups import Groups, Unavailable, Unkeepable
from messaging.inbox.store import Store
from messaging.providers.base import ReceiptReport
from messaging.providers.webhook import Webhook
from messaging.webhooks import (
    CANNOT_BE_KEPT,
    CUT_OFF,
    LARGEST_BODY,
    NOT_FOUND,
    REFERENCE,
    TOO_BIG,
    Refused,
    receipts_in,
)

ADDRESS = re.compile(r"/providers/([-\w]+)/receipts/([-.\w]+)/", re.ASCII)
BODY_SECONDS = 10.0
AGAIN_AFTER = {"Retry-After": "5"}


def _is_ours(record: logging.LogRecord) -> bool:
    """What is no HTTP gets its 400 from aiohttp, whose log line would repeat it whole."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


log = logging.getLogger(__name__)
log.addFilter(_is_ours)


@contextlib.asynccontextmanager
async def serving(store: Store, *, host: str, port: int) -> AsyncIterator[int]:
    """Answer inside, on the yielded port; at the end what was taken is written and answered."""
    groups = Groups(store)
    working = asyncio.create_task(groups.work())
    inbox = Inbox(groups)
    # Without aiohttp's router, which costs as much as the rest. Bodies are signed as they come.
    server = web.Server(inbox.answer, access_log=None, logger=log, auto_decompress=False)
    runner = web.ServerRunner(server, shutdown_timeout=8)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port, backlog=1024).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await store.close()


class Inbox:
    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """204 once the reports are committed; else why not, in a few words."""
        try:
            name, reports = await _reports(request)
            await self._groups.keep(name, reports)
        except Refused as refusal:
            return web.Response(status=refusal.status, text=refusal.reason)
        except Unkeepable:
            return web.Response(status=CANNOT_BE_KEPT[0], text=CANNOT_BE_KEPT[1])
        except Unavailable:
            return web.Response(status=503, text="try again", headers=AGAIN_AFTER)
        return web.Response(status=204)


async def _reports(request: web.BaseRequest) -> tuple[str, list[ReceiptReport]]:
    """The provider's name and what it reports; raises `Refused`."""
    name, reference = _name_and_reference(request)
    webhook = Webhook(
        url=f"{settings.RECEIPTS_URL}{request.path_qs}",
        headers=request.headers,
        body=await _body(request),
    )
    return name, receipts_in(webhook, provider_name=name, reference=reference)


def _name_and_reference(request: web.BaseRequest) -> tuple[str, str]:
    found = ADDRESS.fullmatch(request.path)
    if found is None:
        raise Refused(*NOT_FOUND)
    if request.method != "POST":
        raise Refused(405, "POST only")
    name, reference = found.groups()
    if not REFERENCE.fullmatch(reference):
        raise Refused(*NOT_FOUND)
    return name, reference


async def _body(request: web.BaseRequest) -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise Refused(*TOO_BIG)
    # Mostly it is here already, and a clock for each would cost more than believing it.
    patience = None if request.content.is_eof() else BODY_SECONDS
    try:
        async with asyncio.timeout(patience):
            body = await request.read()
    except (TimeoutError, web.RequestPayloadError, ConnectionError):
        raise Refused(*CUT_OFF) from None
    except web.HTTPRequestEntityTooLarge:
        raise Refused(*TOO_BIG) from None
    if len(body) > LARGEST_BODY:
        raise Refused(*TOO_BIG)
    return body
