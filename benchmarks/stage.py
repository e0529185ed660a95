"""Set the scene: keys, certificates, the responder in its own process on its own core."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

from benchmarks.cores import choose
from benchmarks.scene import ACCOUNT, KEY_ID, Scene, sign
from voxsip.emulator._service.keys import key_pair, write_credentials

ROOT = Path(__file__).parent.parent


class Process:
    """A process that answers a JSON line with a JSON line."""

    def __init__(
        self, *arguments: str, prefix: Sequence[str] = (), hash_seed: str | None = None
    ) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        if hash_seed is not None:
            environment["PYTHONHASHSEED"] = hash_seed
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self.pid = self._process.pid

    def ask(self, question: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self.listen()
        return answer

    def listen(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@attrs.frozen
class Stage:
    """The scene, where it is written down, and its responder.

    Attributes:
        cores: the contenders' and the responder's, as arguments; none where cores cannot be chosen.
    """

    scene: Scene
    path: Path
    responder: Process
    cores: tuple[str, ...]

    @property
    def core(self) -> str:
        """Return the contenders' core; empty where there is no choice."""
        return self.cores[0] if self.cores else ""

    def worker(self, name: str, *, slow: bool = False) -> Process:
        """Start a contender."""
        return Process("benchmarks.worker", *self.worker_arguments(name, slow=slow))

    def worker_arguments(self, name: str, *, slow: bool = False, pinned: bool = True) -> list[str]:
        """Return what tells a worker which contender to be, where the server is, and which core is its own."""
        path = self.path.with_name("slow.json") if slow else self.path
        return [str(path), name, *([self.core] if pinned else [])]


@contextmanager
def staged(*, concurrency: int) -> Iterator[Stage]:
    """Set everything up, and take it down afterwards."""
    cores = choose()
    with tempfile.TemporaryDirectory(prefix="voxsip-bench-") as folder:
        directory = Path(folder)
        authority = directory / "ca.pem"
        responder = Process("benchmarks.responder", str(authority), *cores[1:])
        try:
            port, slow_port = responder.listen()
            trust = directory / "trust.pem"
            trust.write_text(_public_authorities() + authority.read_text())
            pair = key_pair()
            credentials = write_credentials(
                directory / "credentials.json",
                account_id=ACCOUNT,
                email="bench@example.com",
                key_id=KEY_ID,
                pem=pair.private,
            )
            scene = Scene(
                port=port,
                slow_port=slow_port,
                token=sign(pair.private),
                concurrency=concurrency,
                trust=str(trust),
                credentials=str(credentials),
                directory=str(directory),
            )
            scene.save(directory / "scene.json")
            scene.slow().save(directory / "slow.json")
            yield Stage(scene, directory / "scene.json", responder, cores)
        finally:
            responder.close()


def _public_authorities() -> str:
    """Return the trust store a client has in real life, since some read it for every call."""
    if find_spec("certifi"):
        import certifi  # noqa: PLC0415 - comes with httpx and requests

        return Path(certifi.where()).read_text()
    store = ssl.get_default_verify_paths().cafile
    return Path(store).read_text() if store else ""
