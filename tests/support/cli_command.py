"""Run the real command as a process, against a real emulator."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import attrs

from tests.support.forked_command import can_fork, run_forked

COMMAND = (sys.executable, "-m", "voxsip.cli")


@attrs.frozen
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def events(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def named(self, event):
        return [one for one in self.events if one["event"] == event]


class Running:
    """A running command, its output read as it comes."""

    def __init__(self, process):
        self.process = process
        self.seen = ""

    def read_until(self, text):
        """Read standard error until a text stands in it."""
        while text not in self.seen:
            line = self.process.stderr.readline()
            assert line, f"ended before saying {text!r}: {self.seen}"
            self.seen += line

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def cut_off(self):
        """Press Ctrl-C twice; the second time once the first was understood."""
        self.interrupt()
        self.read_until("Stopping")
        self.interrupt()
        ended = self.end()
        assert ended.code == 130
        return ended

    def end(self):
        out, err = self.process.communicate(timeout=60)
        return Ended(self.process.returncode, out, self.seen + err)


class Command:
    """Starts `voxsip` in a folder, its connection taken from the environment."""

    def __init__(self, folder, emulator=None):
        self.folder = folder
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VOXIMPLANT_", "COLUMNS"))
        }
        self.environment["PYTHONUTF8"] = "1"
        if emulator is not None:
            self.environment["VOXIMPLANT_CREDENTIALS"] = str(emulator.credentials)
            self.environment["VOXIMPLANT_BASE_URL"] = emulator.base_url

    def __call__(self, *arguments, stdin="", **environment):
        """Run to the end, the imports of other packages already done where that changes nothing."""
        words = [*map(str, arguments)]
        if can_fork(environment, stdin):
            ended = Ended(
                *run_forked(words, stdin, self.folder, {**self.environment, **environment})
            )
        else:
            ended = self.alone(*words, stdin=stdin, **environment)
        assert "Traceback" not in ended.err, ended.err
        return ended

    def alone(self, *arguments, stdin="", **environment):
        """Run to the end in an interpreter that starts with nothing."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env={**self.environment, **environment},
            timeout=100,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments):
        return Running(
            subprocess.Popen(
                [*COMMAND, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                cwd=self.folder,
                env=self.environment,
            )
        )
