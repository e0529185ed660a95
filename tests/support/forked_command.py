"""Ask this process's command server to run a command; see `command_server`."""

import atexit
import functools
import json
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

SERVER = Path(__file__).with_name("command_server.py")
SHIM = Path(__file__).with_name("forked_shim.py")
PATIENCE = 100.0
AT_START = ("LANG", "LC_", "MALLOC", "PYTHON", "TZ", "VOXSIP_LOG")
"""What an interpreter, and an import of voxsip, read from the environment."""
SMALL = 16_000
"""Bytes that a pipe and a socket take at once."""


def can_fork(environment, stdin):
    return (
        hasattr(os, "pidfd_open")
        and not any(name.startswith(AT_START) for name in environment)
        and len(stdin.encode()) < SMALL
    )


class Forked:
    """A command, or a script, that runs in a process forked for it.

    Attributes:
        out: Its standard output.
        err: Its standard error.
    """

    def __init__(self, arguments, folder, environment, script=None, *, flags=(), python_path=None):
        asked = _server(os.getpid(), flags, python_path)
        text = {"folder": str(folder), "environment": environment, "script": script}
        (read_in, write_in), (read_out, write_out), (read_err, write_err) = (
            os.pipe() for _ in "ioe"
        )
        mine, its = socket.socketpair()
        given = (read_in, write_out, write_err, its.detach())
        socket.send_fds(asked, [json.dumps({"arguments": arguments, **text}).encode()], given)
        for number in given:
            os.close(number)
        self.out, self.err = os.fdopen(read_out, "rb"), os.fdopen(read_err, "rb")
        self._into = os.fdopen(write_in, "wb", buffering=0)
        self._answer = mine.makefile("r")
        mine.close()
        self._pid = int(self._answer.readline())

    def communicate(self, stdin=""):
        """Give it its input; return its exit code, standard output and standard error."""
        code, *said = self.communicate_bytes(stdin)
        return code, *map(_text, said)

    def communicate_bytes(self, stdin=""):
        try:
            with suppress(BrokenPipeError):  # it may end without reading
                self._into.write(stdin.encode())
            self._into.close()
            said = _read_all(self.out, self.err)
        except BaseException:
            self.send_signal(signal.SIGKILL)
            raise
        finally:
            for file in (self._into, self.out, self.err):
                file.close()
        with self._answer as answer:
            return int(answer.readline()), *said

    def send_signal(self, number):
        os.kill(self._pid, number)


def run_forked(arguments, stdin, folder, environment, script=None):
    """Return the exit code, standard output and standard error of a command."""
    return Forked(arguments, folder, environment, script).communicate(stdin)


@contextmanager
def voxsip_on_path(folder):
    """Give what a process needs to find a `voxsip` that runs in a process forked for it: PATH's first folder, and descriptors."""
    program = folder / "voxsip"
    words = shlex.join([sys.executable, "-IS", str(SHIM)])
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)
    with socket.socket(fileno=os.dup(_server(os.getpid()).fileno())) as asked:
        yield {"VOXSIP_TESTS_FORK": str(asked.fileno())}, [asked.fileno()]


def _read_all(*pipes):
    """Read pipes to their ends."""
    said = {pipe: [] for pipe in pipes}
    late = time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select(late - time.monotonic()):
                if part := os.read(key.fd, 1 << 16):
                    said[key.fileobj].append(part)
                else:
                    waiting.unregister(key.fileobj)
            assert time.monotonic() < late, f"no end after {PATIENCE} s: {said}"
    return [b"".join(parts) for parts in said.values()]


def _text(content):
    return content.decode().replace("\r\n", "\n")  # as subprocess gives it


@functools.cache
def _server(owner, flags=(), python_path=None):
    """Start one for this process, with pipes as its commands get; it ends with the socket to it.

    Args:
        flags: Of the interpreter, such as "-X", "dev".
        python_path: Its PYTHONPATH.
    """
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, *flags, SERVER, str(its.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONUTF8": "1",
            **({"PYTHONPATH": python_path} if python_path else {}),
        },
        pass_fds=[its.fileno()],
    )
    its.close()

    def end():
        if os.getpid() == owner:
            mine.close()
            process.communicate()

    atexit.register(end)
    assert mine.recv(16) == b"ready", process.communicate()
    return mine
