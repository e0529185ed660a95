"""A journal's driver in the world's time: commits now, tells later, so that a kill may fall in between."""

import shutil
from contextlib import suppress

from voxsip.bulk._journal.tasks import tell

SIDES = ("", "-wal")
"""Ends of the names of the files that hold a journal."""


class SimulatedDriver:
    """Runs the turns of one writer as events of the loop.

    Args:
        writer: Queue and turns of one journal.
        loop: Whose time it takes.
        random: How long each turn takes.
        copies: Folder for older copies of the files, or None.
    """

    def __init__(self, writer, *, loop, random, copies=None):
        self._writer = writer
        self._loop = loop
        self._random = random
        self._copies = copies
        self._turns = None
        self._timer = None
        self._urgent = False
        self.dead = False
        self.taken = 0

    @property
    def path(self):
        return self._writer.path

    def start(self):
        self._turns = iter(self._writer.turns())
        self._timer = self._loop.call_soon(self._open)

    def wake(self, *, urgent):
        if self.dead or self._turns is None:
            return
        if self._timer is not None and urgent and not self._urgent:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._urgent = urgent
            delay = self._random.uniform(0.0002, 0.004) if urgent else 0.1
            self._timer = self._loop.call_later(delay, self._turn)

    def join(self):
        """Nothing runs beside the loop."""

    def kill(self):
        """Stop with the process; the files are copied before this."""
        self.dead = True
        if self._turns is not None:
            with suppress(BaseException):
                self._turns.close()

    def _open(self):
        self._turn()  # the first step opens the journal
        self.wake(urgent=True)  # what was handed over before

    def _turn(self):
        self._timer, self._urgent = None, False
        if self.dead:
            return
        try:
            told = next(self._turns)
        except StopIteration:
            return
        if self._copies is not None and self._random.random() < 0.2:
            copy_files(self.path, self._copies / f"{self.taken}.sqlite")
            self.taken += 1
        self._loop.call_later(self._random.uniform(0.0, 0.002), self._tell, told)

    def _tell(self, told):
        if not self.dead:
            tell(told)


def copy_files(source, target, sides=SIDES):
    """Copy a journal as it stands on the disk; True where there is one."""
    if not source.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    for side in sides:
        one = source.with_name(source.name + side)
        if one.exists():
            shutil.copyfile(one, target.with_name(target.name + side))
    return True
