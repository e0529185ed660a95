"""The vendor's own Python client."""

from __future__ import annotations

import os
from typing import Any

from voximplant.apiclient import VoximplantAPI  # type: ignore[import-untyped]

from benchmarks.contenders._base import ThreadContender
from benchmarks.scene import Scene


class Vendor(ThreadContender):
    """The vendor's client, one for all threads, as its documents show it."""

    def __init__(self, scene: Scene, threads: int) -> None:
        super().__init__(scene, threads)
        os.environ["REQUESTS_CA_BUNDLE"] = scene.trust
        self._api = VoximplantAPI(scene.credentials, endpoint=scene.host)

    def bind(self, row: dict[str, Any]) -> bool:
        return bool(self._api.bind_sip_registration(**row)["result"] == 1)
