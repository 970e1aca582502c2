"""Signed notes and checkpoints: the formats c2sp.org/signed-note and c2sp.org/tlog-checkpoint.

A checkpoint is three lines, origin, size and root, an empty line, and below it one line for each
signature. A key is named by its origin and by four bytes of a hash, so that whoever holds the
public key can find the signature that is meant for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
DASH = "\N{EM DASH}"
_SIGNATURE = re.compile(rf"{DASH} ([^ +\n]+) ([A-Za-z0-9+/]+=*)")
_KEY_NAME = re.compile(r"[^\s+]+")


class InvalidNote(ValueError):
    """The text is not a checkpoint that this key signed."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: the log `origin` had `size` leaves under `root`."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"


@dataclass(frozen=True)
class VerifierKey:
    """The public half: enough to check signatures, safe to publish."""

    name: str
    public: bytes

    @property
    def key_hash(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{_encode(ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Undo `str`; raises `ValueError` unless name, hash and key belong together."""
        name, _, rest = text.strip().partition("+")
        _hash, _, encoded = rest.partition("+")
        raw = _decode(encoded)
        if len(raw) != 33 or raw[:1] != ED25519 or not _KEY_NAME.fullmatch(name):
            raise ValueError("not an Ed25519 verifier key")
        key = cls(name, raw[1:])
        if str(key) != text.strip():
            raise ValueError("the hash of this verifier key does not belong to it")
        return key


@dataclass(frozen=True)
class SigningKey:
    name: str
    seed: bytes

    def verifier(self) -> VerifierKey:
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(self.name, private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note: the text, which ends with a newline, and our signature under it."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        encoded = _encode(self.verifier().key_hash + signature)
        return f"{text}\n{DASH} {self.name} {encoded}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """What the text above the signatures says; raises `InvalidNote`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0]:
        raise InvalidNote("a checkpoint is three lines: origin, size, root")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1], re.ASCII):
        raise InvalidNote("the second line of a checkpoint is its size")
    root = _decode(lines[2])
    if len(root) != 32:
        raise InvalidNote("the third line of a checkpoint is a SHA-256 hash in base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_note(note: str, *, keys: list[VerifierKey]) -> Checkpoint:
    """The checkpoint in a note that one of the keys signed; raises `InvalidNote`."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not note.endswith("\n"):
        raise InvalidNote("a signed note ends with an empty line and its signatures")
    text += "\n"
    lines = signatures[:-1].split("\n")
    if not any(_signed_by(key, text, line) for key in keys for line in lines):
        raise InvalidNote("no signature by a key we trust")
    checkpoint = parse_checkpoint(text)
    if checkpoint.origin not in {key.name for key in keys}:
        raise InvalidNote("the checkpoint is of another log")
    return checkpoint


def _signed_by(key: VerifierKey, text: str, line: str) -> bool:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise InvalidNote("a line under the note is not a signature")
    raw = _decode(match[2])
    if match[1] != key.name or raw[:4] != key.key_hash:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], text.encode())
    except InvalidSignature:
        raise InvalidNote("the signature does not fit the text") from None
    return True


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    """Strict base64: one text for each value, so that no letter may change unnoticed."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidNote("not base64") from None
    if _encode(raw) != text:
        raise InvalidNote("not base64")
    return raw
