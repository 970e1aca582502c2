from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from consent.notes import Checkpoint, InvalidNote, SigningKey, VerifierKey, open_note
from verifier import yeslist_verify
from verifier.yeslist_verify import L, Pins, ed25519_verify, open_checkpoint, parse_key

KEY = SigningKey("log.example/ledger", b"\x07" * 32)
CHECKPOINT = Checkpoint("log.example/ledger", 42, hashlib.sha256(b"root").digest())
NOTE = KEY.sign(CHECKPOINT.text())
# RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
            "701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
            "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
            "60984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").digest(),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7"
            "c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_verifier_takes_the_signatures_of_the_rfc(public, message, signature):
    public, signature = bytes.fromhex(public), bytes.fromhex(signature)
    assert ed25519_verify(public, message, signature)
    assert not ed25519_verify(public, message + b"!", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 64 * 8 - 1))
def test_the_verifier_agrees_with_openssl(seed, message, bit):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key(), bytearray(private.sign(message))
    raw = public.public_bytes_raw()
    assert ed25519_verify(raw, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert ed25519_verify(raw, message, bytes(signature)) == _openssl(
        public, message, bytes(signature)
    )


def _openssl(public: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_a_second_form_of_a_signature_is_refused():
    public, message, signature = RFC_8032[1]
    raw = bytes.fromhex(signature)
    larger = int.from_bytes(raw[32:], "little") + L
    other = raw[:32] + larger.to_bytes(32, "little")
    assert not ed25519_verify(bytes.fromhex(public), message, other)


@pytest.mark.parametrize("public", [b"\xff" * 32, b"\x02" + b"\x00" * 31, b"short"])
def test_what_is_no_point_is_no_key(public):
    assert not ed25519_verify(public, b"", b"\x00" * 64)


def test_a_note_reads_back_as_what_was_signed():
    assert open_note(NOTE, keys=[KEY.verifier()]) == CHECKPOINT
    pins = Pins("log.example/ledger", [parse_key(str(KEY.verifier()))])
    assert open_checkpoint(NOTE, pins, "note") == (42, CHECKPOINT.root)


def test_the_note_has_the_lines_of_the_format():
    origin, size, root, empty, signature, end = NOTE.split("\n")
    assert (origin, size, empty, end) == ("log.example/ledger", "42", "", "")
    assert len(root) == 44
    assert signature.startswith("\N{EM DASH} log.example/ledger ")


def test_a_cosignature_of_a_witness_does_not_disturb():
    witness = SigningKey("witness.example", b"\x08" * 32).sign(CHECKPOINT.text())
    both = NOTE + witness.split("\n\n")[1]
    assert open_note(both, keys=[KEY.verifier()]) == CHECKPOINT


def test_a_verifier_key_reads_back():
    assert VerifierKey.parse(str(KEY.verifier())) == KEY.verifier()
    assert parse_key(str(KEY.verifier()))[2] == KEY.verifier().public


@pytest.mark.parametrize("text", ["", "a+b+c", "log.example/ledger+00000000+AZ==", "x" * 99])
def test_a_broken_verifier_key_is_refused(text):
    with pytest.raises(ValueError, match=r"verifier key|base64"):
        VerifierKey.parse(text)
    with pytest.raises(yeslist_verify.AskedWrongly):
        parse_key(text)


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_a_note_with_one_byte_changed_is_refused(place, change):
    raw = bytearray(NOTE.encode())
    raw[place] ^= change
    try:
        changed = raw.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(InvalidNote):
        open_note(changed, keys=[KEY.verifier()])
    pins = Pins("log.example/ledger", [parse_key(str(KEY.verifier()))])
    with pytest.raises(yeslist_verify.Broken):
        open_checkpoint(changed, pins, "note")


@pytest.mark.parametrize(
    "other",
    [SigningKey("log.example/ledger", b"\x09" * 32), SigningKey("other.example", b"\x07" * 32)],
)
def test_a_note_by_another_key_or_name_is_refused(other):
    with pytest.raises(InvalidNote, match="no signature by a key we trust"):
        open_note(NOTE, keys=[other.verifier()])


def test_a_checkpoint_of_another_log_is_refused():
    signed = KEY.sign(Checkpoint("other.example", 1, b"\x00" * 32).text())
    with pytest.raises(InvalidNote, match="another log"):
        open_note(signed, keys=[KEY.verifier()])
