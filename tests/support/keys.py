"""Keys of every kind but the right one, as text."""

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


def pem(key, form=PrivateFormat.PKCS8, encryption=None):
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()


def variants(private_key):
    """Return an RSA key in the forms that do, and those and other keys that do not."""
    rsa = load_pem_private_key(private_key.encode(), None)
    good = {"PKCS#8": private_key, "PKCS#1": pem(rsa, PrivateFormat.TraditionalOpenSSL)}
    public = rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    bad = {
        "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
        "Edwards": pem(ed25519.Ed25519PrivateKey.generate()),
        "public": public.decode(),
        "encrypted": pem(rsa, encryption=BestAvailableEncryption(b"words")),
        "cut": private_key[: len(private_key) // 2],
        "body only": "".join(private_key.splitlines()[1:-1]),
        "garbage": "-----BEGIN PRIVATE KEY-----\nMARKMARK\n-----END PRIVATE KEY-----\n",
        "words": "MARK is no key",
    }
    return good, bad
