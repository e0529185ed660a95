"""What a call of the vendor's client is made of: `python -m benchmarks.vendor SCENE ROUNDS [CORE]`.

Two things are repeated for every call: the private key, read and checked to sign a token, and the trust store. Each
is timed as the client does it, and the whole call beside them.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path

from voximplant.apiclient import VoximplantAPI  # type: ignore[import-untyped]

from benchmarks.cores import pin
from benchmarks.scene import Scene, rows


def measure(scene: Scene, rounds: int) -> list[dict[str, float]]:
    """Return CPU seconds of a call, of its token, and of its trust store, round by round."""
    os.environ["REQUESTS_CA_BUNDLE"] = scene.trust
    api = VoximplantAPI(scene.credentials, endpoint=scene.host)
    row = next(rows(1))
    parts: dict[str, Callable[[], object]] = {
        "call": lambda: api.bind_sip_registration(**row),
        "token": api.build_auth_header,
        "trust": lambda: ssl.create_default_context(cafile=scene.trust),
    }
    return [{name: _time(part) for name, part in parts.items()} for _ in range(rounds + 1)][1:]


def _time(part: Callable[[], object]) -> float:
    begun = time.process_time()
    part()
    return time.process_time() - begun


def main() -> None:
    path, rounds, *core = sys.argv[1:]
    pin(*core)
    print(json.dumps(measure(Scene.load(Path(path)), int(rounds))))


if __name__ == "__main__":
    main()
