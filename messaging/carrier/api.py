"""The carrier's HTTP interface. Numbers stand in bodies, never in addresses."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import re
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from messaging.carrier.network import Network, Submission
from messaging.carrier.phones import Phone, mask
from messaging.carrier.switches import BadSwitch

NUMBER = re.compile(r"\+[1-9]\d{6,14}")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LONGEST_TEXT = 2000
LONGEST_REFERENCE = 80
LARGEST_REQUEST = 64 * 1024
LISTED_PHONES = 200
NETWORK = web.AppKey("network", Network)


class Refused(Exception):
    """Ends a request with `status` and {"error": code}."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


def carrier_app(network: Network, secret: str) -> web.Application:
    guard = _guard(f"Bearer {secret}".encode())
    app = web.Application(middlewares=[guard], client_max_size=LARGEST_REQUEST)
    app[NETWORK] = network
    app.add_routes([
        web.post("/messages", submit),
        web.get("/messages", look_up),
        web.get("/log", read_log),
        web.get("/handsets", list_phones),
        web.post("/handsets/find", find_phone),
        web.get("/handsets/{id}", show_phone),
        web.post("/handsets/{id}/reply", reply),
        web.get("/switches", show_switches),
        web.put("/switches", change_switches),
    ])  # fmt: skip
    return app


def _guard(expected: bytes) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(shown, expected):
            return web.json_response({"error": "unauthorized"}, status=401)
        try:
            return await handler(request)
        except Refused as refusal:
            return web.json_response({"error": refusal.code}, status=refusal.status)

    return guard


async def submit(request: web.Request) -> web.StreamResponse:
    network = request.app[NETWORK]
    submission = _submission(await _body(request))
    switches = network.switches
    failure, loses_response = switches.failure_now(), switches.loses_response_now()
    takes_it = failure in ("none", "server_error_after_accepting")
    text_id = network.accept(submission) if takes_it else ""
    if switches.delay_ms:
        await asyncio.sleep(switches.delay_ms / 1000)
    if failure == "hang" or (takes_it and loses_response):
        return await _no_response(request, hang=failure == "hang")
    return _answer(failure, text_id)


def _answer(failure: str, text_id: str) -> web.Response:
    match failure:
        case "reject":
            return web.json_response({"error": "unreachable_number"}, status=422)
        case "throttle":
            error = {"error": "too_many_requests"}
            return web.json_response(error, status=429, headers={"Retry-After": "1"})
        case "server_error_after_accepting":
            return web.json_response({"error": "internal"}, status=500)
    return web.json_response({"id": text_id}, status=201)


async def _no_response(request: web.Request, *, hang: bool) -> web.StreamResponse:
    while hang and request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.2)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _submission(body: dict[str, Any]) -> Submission:
    receipt_url = body.get("receipt_url", "")
    if receipt_url and not _is_local(receipt_url):
        raise Refused(422, "receipt_url_not_local")
    return Submission(
        number=_number(body, "to"),
        service=_text(body, "from", 20),
        text=_text(body, "text", LONGEST_TEXT),
        receipt_url=receipt_url,
        reference=_text(body, "reference", LONGEST_REFERENCE, may_be_empty=True),
    )


async def look_up(request: web.Request) -> web.Response:
    """Whether a text was taken under a customer's reference; 410 where that is forgotten."""
    reference = request.query.get("reference", "")
    if not 0 < len(reference) <= LONGEST_REFERENCE:
        raise Refused(422, "bad_reference")
    taken = request.app[NETWORK].taken
    text_id = taken.id_of(reference)
    if text_id:
        return web.json_response({"status": "accepted", "id": text_id})
    if taken.has_forgotten:
        raise Refused(410, "too_long_ago")
    return web.json_response({"status": "unknown"})


async def read_log(request: web.Request) -> web.Response:
    try:
        position = int(request.query.get("after", "0"))
    except ValueError:
        raise Refused(400, "bad_position") from None
    entries, following = request.app[NETWORK].log.page(max(0, position))
    return web.json_response({"entries": entries, "next": following})


async def list_phones(request: web.Request) -> web.Response:
    phones = request.app[NETWORK].phones.latest(LISTED_PHONES)
    return web.json_response({"handsets": [_summary(phone) for phone in phones]})


async def find_phone(request: web.Request) -> web.Response:
    number = _number(await _body(request), "number")
    return web.json_response({"id": request.app[NETWORK].open_phone(number).id})


async def show_phone(request: web.Request) -> web.Response:
    phone = _phone(request)
    phone.unread = 0
    lines = [asdict(line) for line in phone.lines]
    return web.json_response(_summary(phone) | {"lines": lines})


async def reply(request: web.Request) -> web.Response:
    """`to` says whom to text; without it the service that texted the phone last."""
    phone, body = _phone(request), await _body(request)
    service = body.get("to") or phone.last_service
    if not isinstance(service, str) or not 0 < len(service) <= 20:
        raise Refused(422, "nobody_to_text")
    request.app[NETWORK].reply(phone, service, _text(body, "text", LONGEST_TEXT))
    return web.json_response({}, status=202)


async def show_switches(request: web.Request) -> web.Response:
    return web.json_response(asdict(request.app[NETWORK].switches))


async def change_switches(request: web.Request) -> web.Response:
    network, wanted = request.app[NETWORK], await _body(request)
    try:
        network.switches = network.switches.changed(wanted)
    except BadSwitch as error:
        raise Refused(422, f"bad_switch_{error}") from None
    return web.json_response(asdict(network.switches))


def _phone(request: web.Request) -> Phone:
    phone = request.app[NETWORK].phones.with_id(request.match_info["id"])
    if phone is None:
        raise Refused(404, "no_such_handset")
    return phone


def _summary(phone: Phone) -> dict[str, Any]:
    last = asdict(phone.lines[-1]) if phone.lines else None
    return {"id": phone.id, "number": mask(phone.number), "unread": phone.unread, "last": last}


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(raw)
        if isinstance(body, dict):
            return body
    raise Refused(400, "not_a_json_object")


def _number(body: dict[str, Any], field: str) -> str:
    number = body.get(field)
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise Refused(422, f"bad_{field}")
    return number


def _text(body: dict[str, Any], field: str, longest: int, *, may_be_empty: bool = False) -> str:
    value = body.get(field, "")
    if not isinstance(value, str) or len(value) > longest or not (value or may_be_empty):
        raise Refused(422, f"bad_{field}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(422, f"bad_{field}") from None
    return value


def _is_local(url: object) -> bool:
    """Receipts go to this machine only, whoever asks."""
    with contextlib.suppress(ValueError, AttributeError):
        parts = urlsplit(str(url))
        return parts.scheme == "http" and parts.hostname in LOOPBACK
    return False
