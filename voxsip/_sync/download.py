"""The download of the blocking client: its work runs on the loop thread."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxsip._protocol.downloads import AsyncDownload
    from voxsip._protocol.interfaces import Runner


class Download:
    """A command whose reply is a file: `read` gives its bytes, `save` streams it to a file."""

    __slots__ = ("_download", "_runner")

    def __init__(self, runner: Runner, download: AsyncDownload) -> None:
        self._runner = runner
        self._download = download

    def read(self) -> bytes:
        """Read all of it into memory."""
        return self._runner.run(self._download.read())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Stream it to a file, in bounded memory; the file appears only when it is whole.

        Args:
            path: the file to write, in a folder that exists.

        Returns:
            The path.
        """
        return self._runner.run(self._download.save(path))
