"""An emulator as a process, and a job that is killed and resumed through the command line until it has ended."""

import json
import random
import subprocess
import sys
import urllib.request
from collections import Counter
from contextlib import suppress

from tests.support.cli_command import Command, Ended

END = (0, 1)
"""Exit codes of a job that came to its end: all rows done, or some of them not."""
REFUSED = 3
"""Exit code of one that stopped because two tokens in a row were refused: to be resumed like a killed one."""


class Served:
    """`voxsip emulator` in a process of its own."""

    def __init__(self, folder, **options):
        arguments = [
            f"--{name.replace('_', '-')}={value}"
            for name, value in {"dir": folder / "served", **options}.items()
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "voxsip.emulator", *arguments], stdout=subprocess.PIPE, text=True
        )
        self.base_url = self._process.stdout.readline().strip()
        self.credentials = folder / "served" / "credentials.json"
        assert self.base_url, "the emulator did not start"

    @property
    def state(self):
        origin = self.base_url.removesuffix("/platform_api")
        with urllib.request.urlopen(f"{origin}/_emulator/state") as reply:  # noqa: S310 - ours
            return json.load(reply)

    def close(self):
        self._process.terminate()
        self._process.communicate(timeout=60)


class Job:
    """A job of the command line that is killed at random moments and resumed from its journal.

    Args:
        folder: where its files are.
        server: what it talks to.
        seed: of the moments.
    """

    def __init__(self, folder, server, seed):
        self._voxsip = Command(folder, server)
        self._numbers = random.Random(seed)
        self._folder = folder
        self.kills = 0
        self.stops = 0
        self.runs = 0

    def run(self, *arguments, kills, rows):
        """Run a command, kill it so many times, then let it end; return the outcome of every row.

        Half of the kills come after a random number of outcomes, half after a random time, so that a job that is
        only about to start, to buy or to close its journal is hit as well.
        """
        journal = f"{arguments[1]}.journal"
        command = ("bulk", *arguments, "--json", "--journal", journal)
        for kill in range(kills):
            ended = self._run_and_kill(command, rows * (kill + 1) // kills, at_once=kill % 2 == 1)
            if (self._folder / journal).exists():
                command = ("bulk", "resume", journal, "--json")
            if ended:
                break
        return self._run_to_the_end(command, journal)

    def _run_and_kill(self, command, rows, *, at_once):
        """Return whether the job ended before it was killed."""
        running = self._start(command)
        if at_once:
            with suppress(subprocess.TimeoutExpired):
                running.communicate(timeout=self._numbers.uniform(0.2, 2.5))
        else:
            wanted = self._numbers.randint(0, rows)
            while wanted > 0 and (line := running.stdout.readline()):
                wanted -= b'"event":"outcome"' in line
        running.kill()
        _, said = running.communicate(timeout=60)
        assert b"Traceback" not in said, said.decode()
        self.kills += running.returncode < 0
        return running.returncode in END

    def _run_to_the_end(self, command, journal):
        """Continue until every row has ended, or another run no longer changes anything."""
        before = None
        while True:
            running = self._start(command)
            out, said = running.communicate()
            ended = Ended(running.returncode, out.decode(), said.decode())
            if ended.code == REFUSED and "authorization refused" in ended.err:
                self.stops += 1
                command = ("bulk", "resume", journal, "--json")
                continue
            assert ended.code in END, (ended.code, ended.err[-2000:])
            outcomes = {one["row"]: one for one in ended.named("outcome")}
            assert len(outcomes) == len(ended.named("outcome")), "a row has two outcomes"
            statuses = Counter(one["status"] for one in outcomes.values())
            if ended.code == 0 or statuses == before:
                return outcomes
            before = statuses
            command = ("bulk", "resume", journal, "--json")

    def _start(self, command):
        self.runs += 1
        return subprocess.Popen(
            [sys.executable, "-m", "voxsip.cli", *command],
            cwd=self._folder,
            env=self._voxsip.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
