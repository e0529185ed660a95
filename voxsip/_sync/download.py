"""The download of the blocking client; it runs on the loop thread."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voxsip._protocol.downloads import AsyncDownload
    from voxsip._protocol.interfaces import Runner


class Download:
    """A command whose reply is a file: `read` the bytes, or `save` the file."""

    __slots__ = ("_download", "_runner")

    def __init__(self, runner: Runner, download: AsyncDownload) -> None:
        self._runner = runner
        self._download = download

    def read(self) -> bytes:
        """Read the whole file into memory."""
        return self._runner.run(self._download.read())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Stream the reply to a file, in bounded memory.

        The file appears under its name only when it is complete, and then replaces an existing one.

        Args:
            path: The file to write, in a folder that exists.

        Returns:
            The path.
        """
        return self._runner.run(self._download.save(path))
