"""requests as people write it, in threads."""

from __future__ import annotations

import threading
from typing import Any

import requests

from benchmarks.contenders._base import ThreadContender
from benchmarks.scene import Scene


class Requests(ThreadContender):
    """A session per thread, `data=` with a dict, `response.json()`."""

    def __init__(self, scene: Scene, threads: int) -> None:
        super().__init__(scene, threads)
        self._local = threading.local()

    def bind(self, row: dict[str, Any]) -> bool:
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.headers["Authorization"] = f"Bearer {self.scene.token}"
        response = session.post(self.scene.url, data=row, verify=self.scene.trust)
        response.raise_for_status()
        return bool(response.json()["result"] == 1)
