"""How personal data is kept unreadable at rest.

Two sets of keys come from the environment, each `id:base64` and separated by
commas, the current one first: MASTER_KEYS encrypt, DIGEST_KEYS make the keyed
digests by which a number is found. Every use gets a key of its own by HKDF
(RFC 5869), so that no two uses ever share one. Ciphertexts are AES-256-GCM
(NIST SP 800-38D) with a random 96-bit nonce, carry the id of their key, and
are bound to their place: moved to another row or column they do not open.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32
# It stands in every ciphertext after one byte of length, and in columns of 40 characters.
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class UnableToDecrypt(Exception):
    """The ciphertext was changed, moved to another place, or its key is not configured."""


@functools.cache
def parse_keys(text: str, name: str) -> dict[str, bytes]:
    """`{id: 32 bytes}`, current key first; `name` is the setting, for the error."""
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(filter(None, text.split(",")), start=1):
        key_id, _, encoded = entry.strip().partition(":")
        where = f"{name}, key {position}"
        if not KEY_ID.fullmatch(key_id):
            raise ImproperlyConfigured(
                f"{where}: its id must be 1 to 40 of the characters A-Z a-z 0-9 . _ -"
            )
        if key_id in keys:
            raise ImproperlyConfigured(f"{where}: the id {key_id!r} is there twice")
        keys[key_id] = _decode_key(encoded, f"{where} ({key_id!r})")
    if not keys:
        raise ImproperlyConfigured(f"{name} is empty: give at least one id:base64 key")
    return keys


def _decode_key(encoded: str, where: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ImproperlyConfigured(f"{where}: not base64") from None
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{where}: {len(key)} bytes, 32 are needed")
    return key


@functools.cache
def _derive(secret: bytes, use: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"yeslist {use}".encode()).derive(secret)


def _master_keys() -> dict[str, bytes]:
    return parse_keys(settings.MASTER_KEYS, "MASTER_KEYS")


def encrypt(plaintext: bytes, *, use: str, place: str) -> bytes:
    """Encrypt under the current master key for one `use`, bound to `place`."""
    key_id = next(iter(_master_keys()))
    sealed = _seal(_cipher(settings.MASTER_KEYS, key_id, use), plaintext, f"{use}|{key_id}|{place}")
    return key_mark(key_id) + sealed


def decrypt(ciphertext: bytes | memoryview, *, use: str, place: str) -> bytes:
    """Undo `encrypt`, with whichever key made it."""
    sealed = bytes(ciphertext)
    end = 1 + (sealed[0] if sealed else 0)
    key_id = sealed[1:end].decode(errors="replace")
    cipher = _cipher(settings.MASTER_KEYS, key_id, use)
    return _open(cipher, sealed[end:], f"{use}|{key_id}|{place}")


# Every text opens two: the cipher of a key is made once.
@functools.cache
def _cipher(master_keys: str, key_id: str, use: str) -> AESGCM:
    secret = parse_keys(master_keys, "MASTER_KEYS").get(key_id)
    if secret is None:
        raise UnableToDecrypt(f"master key {key_id!r} is not configured")
    return AESGCM(_derive(secret, use))


def current_keys() -> tuple[str, str]:
    """The ids of the master key and of the digest key that make everything new."""
    digest_keys = parse_keys(settings.DIGEST_KEYS, "DIGEST_KEYS")
    return next(iter(_master_keys())), next(iter(digest_keys))


def key_mark(key_id: str) -> bytes:
    """What every ciphertext under this master key begins with."""
    return bytes([len(key_id)]) + key_id.encode()


def encrypt_with(key: bytes, plaintext: bytes, *, place: str) -> bytes:
    """Encrypt under a given 32-byte key: nonce, then ciphertext and tag."""
    return _seal(AESGCM(key), plaintext, place)


def decrypt_with(key: bytes, sealed: bytes, *, place: str) -> bytes:
    """Undo `encrypt_with`."""
    return _open(AESGCM(key), sealed, place)


def _seal(cipher: AESGCM, plaintext: bytes, place: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, place.encode())


def _open(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):
        raise UnableToDecrypt("changed, or moved from its place") from None


def new_data_key() -> bytes:
    """A random key for one person's evidence and texts; destroying it erases them."""
    return AESGCM.generate_key(bit_length=256)


def digest(value: str, *, use: str) -> bytes:
    """32 bytes that find `value` without showing it: HMAC-SHA256 under the current digest key."""
    return digests(value, use=use)[0]


def digests(value: str, *, use: str) -> list[bytes]:
    """The digests of `value` under every digest key, the current one first."""
    keys = parse_keys(settings.DIGEST_KEYS, "DIGEST_KEYS").values()
    return [
        hmac.new(_derive(secret, use), value.encode(), hashlib.sha256).digest() for secret in keys
    ]
