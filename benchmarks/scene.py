"""What every contender is given: the same address, trust, token and arguments."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import attrs

ACCOUNT = 4_000_001
KEY_ID = "ab98c70e-573e-4446-9af9-105269dfafca"
APPLICATION = 4567
COMMAND = "BindSipRegistration"


@attrs.frozen(kw_only=True)
class Scene:
    """Where the responder is, and what a contender needs to talk to it; passed to processes as JSON.

    Attributes:
        port: answers at once.
        slow_port: answers after the latency.
        token: a JWT of the size every contender sends.
        concurrency: calls in flight, or threads.
        trust: PEM file: the usual public authorities and the test's own.
        credentials: a credentials file.
        directory: the folder that contenders write to.
    """

    port: int
    slow_port: int
    token: str = attrs.field(repr=False)
    concurrency: int
    trust: str
    credentials: str
    directory: str

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(attrs.asdict(self)))

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def base_url(self) -> str:
        return f"https://{self.host}/platform_api"

    @property
    def url(self) -> str:
        """Return where a bind is posted to."""
        return f"{self.base_url}/{COMMAND}"

    def slow(self) -> Scene:
        """Return the same scene with the server that takes its time."""
        return attrs.evolve(self, port=self.slow_port)

    def context(self) -> ssl.SSLContext:
        """Return a client's TLS context, as a default one is made, with the test's authority in it."""
        return ssl.create_default_context(cafile=self.trust)


def rows(calls: int) -> Iterator[dict[str, Any]]:
    """Generate the arguments of so many binds: every registration and user is another one."""
    for number in range(calls):
        yield {
            "sip_registration_id": 1_000_000 + number,
            "application_id": APPLICATION,
            "user_id": 2_000_000 + number,
        }


def sign(private_key: str) -> str:
    """Sign a token with the claims the API asks for."""
    from jose import jwt  # noqa: PLC0415 - not for every contender's memory

    now = int(time.time())
    claims = {"iss": str(ACCOUNT), "iat": now - 10, "exp": now + 3590}
    return jwt.encode(claims, private_key, algorithm="RS256", headers={"kid": KEY_ID})
