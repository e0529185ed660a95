"""The thread that writes a journal while event loops run on."""

from __future__ import annotations

import threading

from voxsip.bulk._journal.tasks import tell
from voxsip.bulk._journal.writer import Writer

GATHER_SECONDS = 0.1
"""How long outcomes gather before they are written: what a killed process can lose of them."""


class JournalThread:
    """Runs the turns of one writer."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._wake = threading.Event()
        self._urgent = threading.Event()
        self._thread = threading.Thread(
            target=self._main, name=f"voxsip {writer.path.name}", daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self, *, urgent: bool) -> None:
        """Take the next turn once rows have gathered, or at once."""
        if urgent:
            self._urgent.set()
        self._wake.set()

    def join(self) -> None:
        """Wait for the last turn, unless this is the thread itself."""
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _main(self) -> None:
        for told in self._writer.turns():
            tell(told)
            if not self._writer.ended:
                self._wake.wait()
                self._urgent.wait(GATHER_SECONDS)
                self._urgent.clear()
                self._wake.clear()
