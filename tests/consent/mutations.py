"""Ways to falsify an exported ledger, by someone who knows the format and lacks the key.

Each takes the lines of a bundle and a source of chance, and returns other lines. Counts, places
and hashes are put right again, so that what remains to be noticed is the falsehood itself.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from random import Random

Lines = list[dict]


def parse(bundle: bytes) -> Lines:
    return [json.loads(line) for line in bundle.splitlines()]


def render(lines: Lines) -> bytes:
    """As the exporter writes it, with honest counts and places."""
    top = lines[0]
    top["leaves"] = top["checkpoints"] = top["standings"] = top["notices"] = top["later"] = 0
    for line in lines[1:]:
        kind = _section(line)
        if kind == "leaves":
            line["leaf"] = top["leaves"]
        top[kind] += 1
    return b"".join(_dump(line).encode() + b"\n" for line in lines)


def _dump(line: dict) -> str:
    return json.dumps(line, sort_keys=True, separators=(",", ":"))


def _section(line: dict) -> str:
    for key, section in (("leaf", "leaves"), ("checkpoint", "checkpoints"), ("hash", "notices")):
        if key in line:
            return section
    return "standings" if "status" in line else "later"


def _rehash(leaf: dict, **changes: object) -> None:
    leaf["header"] = _dump({**json.loads(leaf["header"]), **changes})
    sealed = leaf["header"].encode() + bytes.fromhex(leaf["body_hash"])
    leaf["hash"] = hashlib.sha256(b"\x00" + sealed).hexdigest()


def _some_leaf(lines: Lines, chance: Random) -> int:
    return chance.choice([n for n, line in enumerate(lines) if "leaf" in line])


def flip(bundle: bytes, chance: Random) -> bytes:
    """One bit, anywhere."""
    changed = bytearray(bundle)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(bundle: bytes, chance: Random) -> bytes:
    """A half-written file."""
    return bundle[: chance.randrange(len(bundle))]


def delete(bundle: bytes, chance: Random) -> bytes:
    lines = parse(bundle)
    del lines[_some_leaf(lines, chance)]
    return render(lines)


def swap(bundle: bytes, chance: Random) -> bytes:
    lines = parse(bundle)
    one, other = _some_leaf(lines, chance), _some_leaf(lines, chance)
    if one == other:
        other = one + 1 if "leaf" in lines[one + 1] else one - 1
    lines[one], lines[other] = lines[other], lines[one]
    return render(lines)


def insert(bundle: bytes, chance: Random) -> bytes:
    """A yes that was never said."""
    lines = parse(bundle)
    place = _some_leaf(lines, chance)
    forged = dict(lines[place])
    _rehash(forged, id=f"01939b2e-5a00-7000-8000-{chance.getrandbits(48):012x}")
    lines.insert(place, forged)
    return render(lines)


def backdate(bundle: bytes, chance: Random) -> bytes:
    lines = parse(bundle)
    leaf = lines[_some_leaf(lines, chance)]
    before = datetime.fromisoformat(json.loads(leaf["header"])["occurred_at"])
    earlier = before - timedelta(seconds=chance.randrange(1, 10**7))
    written = earlier.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    _rehash(leaf, occurred_at=written)
    return render(lines)


def relabel(bundle: bytes, chance: Random) -> bytes:
    """Another kind of event: a no becomes a yes."""
    lines = parse(bundle)
    leaf = lines[_some_leaf(lines, chance)]
    kind = json.loads(leaf["header"])["kind"]
    _rehash(leaf, kind="declined" if kind == "confirmed" else "confirmed")
    return render(lines)


def restate(bundle: bytes, chance: Random) -> bytes:
    """Another standing than the events lead to, in any of its fields, or none."""
    lines = parse(bundle)
    place = chance.choice([n for n, line in enumerate(lines) if "status" in line])
    if chance.random() < 0.1:
        del lines[place]
    else:
        name = chance.choice(sorted(lines[place]))
        lines[place][name] = chance.choice(_others(lines[place][name]))
    return render(lines)


def retype(bundle: bytes, chance: Random) -> bytes:
    """The same value as another type, which Python may call equal: true for 1, 30.0 for 30."""
    lines = parse(bundle)
    line = chance.choice(lines)
    name = chance.choice(sorted(line))
    line[name] = chance.choice(_retyped(line[name], may_be_null=name != "body"))
    return b"".join(_dump(line).encode() + b"\n" for line in lines)


def _others(value: object) -> list[object]:
    """Values of the same type, and of others."""
    near: list[object] = []
    if isinstance(value, int):
        near = [value + 1, -value - 1]
    if isinstance(value, str):
        near = [value + "0", value[:-1], value.upper() + "x", "confirmed" + value]
    return [*near, *_retyped(value)]


def _retyped(value: object, *, may_be_null: bool = True) -> list[object]:
    # Evidence may be left out of a bundle: that is no falsehood.
    null = [None] if may_be_null else []
    if value is None:
        return [False, 0, "", [], {}, "None"]
    if isinstance(value, int):
        return [float(value), -float(value), str(value), [value], bool(value), *null]
    if isinstance(value, list):
        return [{}, "".join(map(str, value)), [value], [*value, None], 0, *null]
    return [[value], {"x": value}, 0, True, *null]


MUTATIONS = (flip, cut, delete, swap, insert, backdate, relabel, restate, retype)


def redate(proof: bytes, chance: Random) -> bytes:
    """Another time, kind or person in one entry of somebody's evidence."""
    lines = parse(proof)
    entry = chance.choice([line for line in lines if "path" in line and "header" in line])
    header = json.loads(entry["header"])
    name = chance.choice(sorted(header))
    header[name] = chance.choice(_others(header[name]))
    entry["header"] = _dump(header)
    return _written(lines)


def reroute(proof: bytes, chance: Random) -> bytes:
    """Another place, or another way to the checkpoint."""
    lines = parse(proof)
    line = chance.choice([line for line in lines if line.get("path")])
    if chance.random() < 0.5:
        del line["path"][chance.randrange(len(line["path"]))]
    else:
        name = "leaf" if "leaf" in line else "size"
        line[name] += chance.choice([1, 2, 50])
    return _written(lines)


def uncount(proof: bytes, chance: Random) -> bytes:
    """A line less, or twice, than the first line announces."""
    lines = parse(proof)
    place = chance.randrange(1, len(lines))
    lines[place : place + 1] = chance.choice([[], [lines[place]] * 2])
    return _written(lines)


def _written(lines: Lines) -> bytes:
    return b"".join(_dump(line).encode() + b"\n" for line in lines)


# An entry left out with an honest count is no falsehood that evidence about one person can show.
EVIDENCE_MUTATIONS = (flip, cut, retype, redate, reroute, uncount)
