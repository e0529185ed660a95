"""Faults that were fixed, put back one at a time: the simulator has to find each of them."""

from contextlib import contextmanager
from unittest.mock import patch

import voxsip
from tests.simulator import run
from voxsip._calls import lookup
from voxsip._calls.creates import Creates
from voxsip.bulk._journal.journal import FileJournal
from voxsip.bulk._journal.previous_runs import PreviousRuns
from voxsip.bulk._live.purchases import Purchases
from voxsip.bulk._run import Run


@contextmanager
def lost_log():
    """A row without a trace in the journal was never begun."""
    with patch.object(PreviousRuns, "_outcome_without_record", lambda *_: None):
        yield


@contextmanager
def clocks():
    """What carries a row's name is its own if it was bought since the request left, by the clocks."""
    with (
        patch("voxsip.bulk._accounts.accounts.knowing", lambda client, *_: client),
        patch.object(Purchases, "find", lambda *_: None),
    ):
        yield


@contextmanager
def claims():
    """Ids that other rows were told are nobody's."""
    with (
        patch.object(Purchases, "observe", lambda *_: None),
        patch.object(Creates, "claim", lambda *_: None),
    ):
        yield


@contextmanager
def exact_names():
    """Only a name written the same is the same."""
    with patch.object(
        lookup, "are_near", lambda pairs: all(one == other for _, one, other in pairs)
    ):
        yield


@contextmanager
def no_wait():
    """That there is nothing is believed at once."""
    with patch.object(run, "POLICY", voxsip.RetryPolicy(lookup_delay=0)):
        yield


@contextmanager
def no_quiet():
    """A resumed job sends at once."""

    async def until_quiet(self, *_):
        self._quiet = True

    with patch.object(Run, "_until_quiet", until_quiet):
        yield


@contextmanager
def every_end_in_order():
    """A run that closed its journal ended in order, whatever was on its way."""
    close = FileJournal.close
    with patch.object(FileJournal, "close", lambda self, **_: close(self)):
        yield


MUTANTS = {
    "a lost log": ("copies", lost_log),
    "clocks": ("clocks", clocks),
    "claims": ("twins", claims),
    "exact names": ("spelling", exact_names),
    "no wait": ("gateway", no_wait),
    "no quiet": ("bind", no_quiet),
    "every end in order": ("bind", every_end_in_order),
}
"""By name: the profile that has to find it, and what puts it back."""
