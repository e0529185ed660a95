"""An emulator that ends with the process that started it.

`python -m voxsip.cli._jobs.emulator_process` is `python -m voxsip.emulator` that also ends when its standard input
does: the kernel closes that pipe however the parent dies, so no server is ever left behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voxsip.cli._exit_codes import CommandError, Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRACE = 10.0


@contextmanager
def emulator_process(*options: str) -> Iterator[str]:
    """Run an emulator in a process of its own and yield its base URL.

    Raises:
        CommandError: it did not start.
    """
    child = subprocess.Popen(  # noqa: S603 - this very Python
        [sys.executable, "-m", __name__, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C at the terminal is for us alone
    )
    try:
        url = child.stdout.readline().decode().strip() if child.stdout else ""
        if not url:
            raise CommandError("the emulator did not start", Exit.FAILED)
        yield url
    finally:
        child.terminate()
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def _serve() -> int:
    from voxsip.emulator.__main__ import main  # noqa: PLC0415 - not needed by the parent

    def watch() -> None:
        while os.read(0, 1 << 10):  # not sys.stdin, whose lock would be held when Python ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_serve())
