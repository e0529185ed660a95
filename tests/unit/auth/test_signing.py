"""Signatures: RS256 and nothing else, by a key that is what it must be."""

import pytest
from jose import jwt
from jose.backends.cryptography_backend import CryptographyRSAKey

from tests.support.keys import variants
from voxsip._auth.signing import JoseSigner
from voxsip.emulator._service.keys import key_pair


@pytest.fixture(scope="module")
def keys(account):
    return variants(account.private_key)


@pytest.mark.parametrize("form", ["PKCS#8", "PKCS#1"])
def test_signs_what_the_public_key_verifies(keys, form):
    claims = {"iss": "1", "iat": 1_750_000_000, "exp": 4_000_000_000}
    token = JoseSigner(keys[0][form], "key-7").sign(claims)
    public = CryptographyRSAKey(key_pair().public, "RS256")
    assert jwt.decode(token, public, algorithms=["RS256"]) == claims
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "kid": "key-7"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("elliptic", "RSA"),
        ("Edwards", "RSA"),
        ("public", "public key"),
        ("encrypted", "encrypted"),
        ("cut", "cannot be read"),
        ("garbage", "cannot be read"),
        ("body only", "PEM"),
        ("words", "PEM"),
    ],
)
def test_refuses_other_keys_without_showing_them(keys, kind, reason):
    text = keys[1][kind]
    with pytest.raises(ValueError, match=reason) as caught:
        JoseSigner(text, "key-7")
    assert not any(line in str(caught.value) for line in text.splitlines() if len(line) > 30)
    assert "MARK" not in str(caught.value)


def test_repr_shows_no_key(account):
    assert "BEGIN" not in repr(account.signer)
    assert len(repr(account.signer)) < 40
