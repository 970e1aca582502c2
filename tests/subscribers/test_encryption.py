from __future__ import annotations

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from subscribers import encryption, numbers
from subscribers.encryption import UnableToDecrypt, decrypt, encrypt, parse_keys
from subscribers.models import Subscriber
from tests import cast


def key(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


@given(st.binary(max_size=200), st.text(max_size=20))
def test_it_opens_only_in_its_place(plaintext, place):
    sealed = encrypt(plaintext, use="test", place=place)
    assert decrypt(sealed, use="test", place=place) == plaintext
    with pytest.raises(UnableToDecrypt):
        decrypt(sealed, use="test", place=place + "x")
    with pytest.raises(UnableToDecrypt):
        decrypt(sealed, use="another", place=place)


@given(st.integers(0, 10_000))
def test_any_changed_byte_is_noticed(position):
    sealed = bytearray(encrypt(b"secret", use="test", place="here"))
    at = 1 + len("k1") + position % (len(sealed) - 3)
    sealed[at] ^= 1
    with pytest.raises(UnableToDecrypt):
        decrypt(bytes(sealed), use="test", place="here")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"k1:{key('a')},k1:{key('b')}", "MASTER_KEYS, key 2: the id 'k1' is there twice"),
        (f":{key('a')}", "MASTER_KEYS, key 1: its id must be"),
        (f"k1:{key('a')},{'k' * 41}:{key('b')}", "MASTER_KEYS, key 2: its id must be"),
        (f"k 1:{key('a')}", "MASTER_KEYS, key 1: its id must be"),
        (f"ké:{key('a')}", "MASTER_KEYS, key 1: its id must be"),
    ],
)
def test_an_id_that_cannot_be_told_apart_is_refused(text, complaint):
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_keys(text, "MASTER_KEYS")
    assert complaint in str(refused.value)
    assert key("a") not in str(refused.value)


def test_the_longest_id_seals_and_opens(settings):
    settings.MASTER_KEYS = f"{'k' * 40}:{key('a')}"
    assert decrypt(encrypt(b"x", use="u", place="p"), use="u", place="p") == b"x"


def test_an_old_key_still_opens_and_the_first_one_seals(settings):
    settings.MASTER_KEYS = f"old:{key('o')}"
    sealed = encrypt(b"secret", use="test", place="here")
    settings.MASTER_KEYS = f"new:{key('n')},old:{key('o')}"
    assert decrypt(sealed, use="test", place="here") == b"secret"
    assert encrypt(b"secret", use="test", place="here")[1:4] == b"new"
    settings.MASTER_KEYS = f"new:{key('n')}"
    with pytest.raises(UnableToDecrypt, match="'old' is not configured"):
        decrypt(sealed, use="test", place="here")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("", "MASTER_KEYS is empty"),
        ("k1:!!", r"key 1 \('k1'\): not base64"),
        (f"k1:{key('a')},k2:YQ==", r"key 2 \('k2'\): 1 bytes, 32 are needed"),
    ],
)
def test_a_bad_key_is_named_but_not_shown(keys, message):
    with pytest.raises(ImproperlyConfigured, match=message):
        parse_keys(keys, "MASTER_KEYS")


@pytest.mark.django_db
def test_a_number_is_found_through_an_old_digest_key(settings):
    alice = cast.alice()
    settings.DIGEST_KEYS = f"d2:{key('z')},{settings.DIGEST_KEYS}"
    assert numbers.digest(cast.ALICE) != bytes(alice.number_digest)
    assert Subscriber.objects.with_number(cast.ALICE).get() == alice


@pytest.mark.django_db
def test_the_stored_number_is_bound_to_its_row():
    alice, bob = cast.alice(), cast.bob()
    with pytest.raises(UnableToDecrypt):
        Subscriber.decrypt_number(alice.number_ciphertext, bob.public_id)
    assert alice.phone_number == cast.ALICE
    assert str(alice).find("7700") == -1


def test_uses_never_share_a_key():
    assert encryption.digest("x", use="a") != encryption.digest("x", use="b")
