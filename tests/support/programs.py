"""Programs in processes of their own: a function's source, run by an interpreter that forgives nothing.

A program is a function written inside a test. It is given a client, and whatever else the test hands over; it may
name what the test's module imports. It fails by raising; what it says goes to standard output, line by line. An
interpreter started with `-W error -X dev` has nothing to say on standard error unless something is wrong.
"""

import ast
import inspect
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

from tests.support.request_watch import PATIENCE

ROOT = Path(__file__).parents[2]
START = """

if __name__ == "__main__":
    {name}(voxsip.Client(ssl=os.environ.get("EMULATOR_CA")){arguments})
"""
FORKS = "ignore:This process (pid=:DeprecationWarning"  # Python 3.12 and later, at every fork with threads


def source_of(function, arguments):
    """Return a script: the imports that a function needs, the function, and its call."""
    source = textwrap.dedent(inspect.getsource(function))
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    imports = ["import os", "import voxsip", "import tests.support.in_child"]
    for node in ast.parse(inspect.getsource(inspect.getmodule(function))).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [name for name in node.names if (name.asname or name.name) in used]
            if node.names:
                imports.append(ast.unparse(node))
    handed_over = "".join(f", {name}={value!r}" for name, value in arguments.items())
    start = START.format(name=function.__name__, arguments=handed_over)
    return "\n".join([*imports, "", "", source]) + start


class Program:
    """A running program."""

    def __init__(self, function, folder, emulator, arguments, environment, options):
        script = folder / f"{function.__name__}.py"
        script.write_text(source_of(function, arguments))
        self.script = script
        self._errors = script.with_suffix(".err").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-W", FORKS, *options, script],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "VOXIMPLANT_CREDENTIALS": str(emulator.credentials),
                "VOXIMPLANT_BASE_URL": emulator.base_url,
                **({"EMULATOR_CA": str(emulator.ca)} if emulator.ca else {}),
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )

    def hear(self):
        """Wait for its next line."""
        return self._process.stdout.readline().rstrip("\n")

    def tell(self, line="continue"):
        """Give it a line."""
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def interrupt(self):
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def finish(self, code=0, error=""):
        """Wait for its end; return the rest of what it says, line by line."""
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)  # -X dev: says what every thread is doing
            self._process.wait()
            self.complain("it hangs")
        if self._process.returncode != code:
            self.complain(f"exit code {self._process.returncode}, expected {code}")
        if error is not None and self.errors != error:
            self.complain("unexpected words on standard error")
        return self._process.stdout.read().splitlines()

    @property
    def errors(self):
        """What is on standard error."""
        self._errors.seek(0)
        return self._errors.read()

    def complain(self, reason):
        """Fail, with all that it said."""
        self.kill()
        said = self._process.stdout.read()
        raise AssertionError(f"{reason}; it said:\n{said}\nand complained:\n{self.errors}")

    def kill(self):
        """Make sure that it is gone, and its children with it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self):
        """Kill it and close the pipes to it."""
        self.kill()
        with self._process, self._errors:
            pass
