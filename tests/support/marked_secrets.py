"""Marked secrets, handed out one by one so that no frame of a program holds them, and a search for them."""

import base64
import json
import re
from pathlib import Path

MARKS = {
    "password": "M4RKpassword-é%&/ \"'x",
    "user_password": "M4RKuserpassword",
    "token": "eyJhbGciOiJSUzI1NiIsImtpZCI6Ik00UksifQ.eyJNNFJLIjoxfQ.M4RKtoken",
    "api_key": "M4RKapikey",
    "salt": "M4RKsalt",
    "proxy_user": "M4RKproxyuser",
    "proxy_password": "M4RKproxy/password",
}
JWT = re.compile(rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}")
"""A token as it is minted."""


def secret(name):
    return MARKS[name]


def forms(text):
    """Give the ways a text may stand in a file: as bytes of some encoding, and inside base64."""
    data = text.encode()
    yield data
    yield text.encode("utf-16-le")
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + data)
        yield coded[-(-shift * 4 // 3) : -4].lstrip(b"A")[2:]


def needles(credentials):
    """Return what must be found nowhere: the marks and every line of the private key."""
    found = set(forms("M4RK"))
    found.discard(b"")
    short = {needle for needle in found if len(needle) < 4}
    key = json.loads(Path(credentials).read_bytes())["private_key"]
    lines = [line.strip()[4:44] for line in key.splitlines() if len(line) > 50]
    for mark in MARKS.values():
        found |= {needle for needle in forms(mark) if len(needle) > 8}
    return (found - short) | {line.encode() for line in lines}


def marked(content, credentials):
    """Return the secrets that a text or some bytes hold."""
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    hits = [needle for needle in needles(credentials) if needle in data]
    return hits + JWT.findall(data)
