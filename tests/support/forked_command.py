"""Ask this process's command server to run a command; see `command_server`."""

import atexit
import functools
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

SERVER = Path(__file__).with_name("command_server.py")
PATIENCE = 100.0
AT_START = ("LANG", "LC_", "MALLOC", "PYTHON", "TZ")
"""What an interpreter reads from its environment before anything else."""
SMALL = 16_000
"""Bytes that a pipe and a socket take at once."""


def can_fork(environment, stdin):
    return (
        hasattr(os, "pidfd_open")
        and not any(name.startswith(AT_START) for name in environment)
        and len(stdin.encode()) < SMALL
    )


def run_forked(arguments, stdin, folder, environment):
    """Return the exit code, standard output and standard error of a command."""
    asked = _server(os.getpid())
    text = {"arguments": arguments, "folder": str(folder), "environment": environment}
    (read_in, write_in), (read_out, write_out), (read_err, write_err) = (os.pipe() for _ in "ioe")
    mine, its = socket.socketpair()
    given = (read_in, write_out, write_err, its.detach())
    with (
        mine.makefile("r") as answer,
        mine,
        os.fdopen(read_out, "rb") as out,
        os.fdopen(read_err, "rb") as err,
        os.fdopen(write_in, "wb", buffering=0) as into,
    ):
        socket.send_fds(asked, [json.dumps(text).encode()], given)
        for number in given:
            os.close(number)
        pid = int(answer.readline())
        try:
            with suppress(BrokenPipeError):  # it may end without reading
                into.write(stdin.encode())
            into.close()
            said = _read_all(out, err)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        return int(answer.readline()), *map(_text, said)


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
def _server(owner):
    """Start one for this process, with pipes as its commands get; it ends with the socket to it."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, SERVER, str(its.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUTF8": "1"},
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
