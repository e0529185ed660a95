"""What an emulator is asked, seen as it happens, and held back where a test needs the time."""

import queue
import threading
from collections import Counter

from voxsip.emulator import Fault, Faults

LONG = Fault(kind="delay", seconds=3600)
PATIENCE = 30  # seconds after which a test gives up waiting for what must come


class Watch(Faults):
    """Counts connections ("connect") and requests by command; holds the replies of some back.

    `hold` lets nothing come back for a command, ever; `pause` stops the whole server at the next
    request of a command, until `resume`.
    """

    def __init__(self):
        super().__init__()
        self.seen = Counter()
        self.arrived = queue.SimpleQueue()
        self._held = frozenset()
        self._paused = frozenset()
        self._resumed = threading.Event()

    def hold(self, *commands):
        self._held = frozenset(commands)

    def pause(self, *commands):
        self._paused = frozenset(commands)
        self._resumed.clear()

    def resume(self):
        self._paused = frozenset()
        self._resumed.set()

    def wait(self, times=1):
        """Wait until so many more requests of held or paused commands have come."""
        for _ in range(times):
            self.arrived.get(timeout=PATIENCE)

    def pick(self, command):
        self.seen[command] += 1
        if command in self._paused:
            self.arrived.put(command)
            self._resumed.wait(PATIENCE)
        if command in self._held:
            self.arrived.put(command)
            return [LONG]
        return []
