"""S29: numbers and evidence are encrypted at rest, and nothing personal is in queues or logs."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection
from redis import Redis
from redis.exceptions import ResponseError

from tests import cast

# A canary that no clock, port or identifier contains by accident.
CANARY = "+447700900987"
READABLE = (b"447700900987", b"7700 900987", b"07700900987", b"0900987")
WORDS = b"Violet heron at the harbor"


def database_bytes() -> bytes:
    """Every row of every table as text, byte columns both as they are and decoded from hex."""
    everything = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            everything += [row for (row,) in cursor.fetchall()]
    text = "\n".join(everything).encode()
    return text + b"".join(bytes.fromhex(h) for h in _hex_runs(text.decode()))


def _hex_runs(text: str) -> list[str]:
    return [piece.split('"')[0] for piece in text.split("\\x")[1:] if _is_hex(piece.split('"')[0])]


def _is_hex(piece: str) -> bool:
    return len(piece) % 2 == 0 and all(c in "0123456789abcdef" for c in piece)


def cache_bytes() -> bytes:
    """Every key of the database with its value, read as what it is: a dump may be compressed."""
    cache = Redis.from_url(settings.REDIS_URL)
    found = [repr((key, cached(cache, key))).encode() for key in cache.scan_iter("*")]
    cache.close()
    return b"\n".join(found)


def cached(cache: Redis, key: bytes) -> object:
    read = {
        b"string": cache.get,
        b"hash": cache.hgetall,
        b"set": cache.smembers,
        b"list": lambda name: cache.lrange(name, 0, -1),
        b"zset": lambda name: cache.zrange(name, 0, -1, withscores=True),
        b"stream": cache.xrange,
        # Gone since it was named.
        b"none": lambda _name: None,
    }
    try:
        return read[cache.type(key)](key)
    except ResponseError:
        return cached(cache, key)


def test_no_sink_holds_a_readable_number_or_word(town, caplog):
    caplog.set_level(logging.DEBUG)
    town.join(CANARY)
    town.phone(CANARY).replies("HELP")
    town.phone(CANARY).gets("for help write to")
    town.run(cast.draft(WORDS.decode()))
    town.phone(CANARY).gets("Violet heron")
    visitor = town.visitor()
    page = visitor.get("/preferences/")
    page = visitor.send(page, page.form("number"), number=CANARY)
    town.phone(CANARY).replies("STOP")
    town.phone(CANARY).gets("no more texts")
    sinks = {
        "database": database_bytes(),
        "cache": cache_bytes(),
        "workers' logs": town.crew.logs().encode(),
        "web log": caplog.text.encode(),
        "addresses": page.address.encode(),
    }
    found = {name for name, sink in sinks.items() for r in READABLE if r in sink}
    assert found == set()
    # The campaign's own words are no secret, but what one person got is.
    texts = b"\n".join(
        line for line in sinks["database"].split(b"\n") if b"you are signed up" in line
    )
    assert texts == b""
