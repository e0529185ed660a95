"""A process that has imported what `voxsip` needs of other packages, and forks for each command it is asked for.

Of a command's second, half goes to imports of packages that are the same in every process. What is voxsip's own is imported
by each command, as anywhere; so are arguments, environment, folder, pipes, exit code and the interpreter's end its own.
"""

import array
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys

PACKAGES = (
    "aiohttp",
    "asyncio",
    "cattrs",
    "cryptography.hazmat.primitives.asymmetric.padding",
    "cryptography.hazmat.primitives.serialization",
    "cyclopts",
    "jose.jwt",
    "orjson",
    "rich.console",
    "rich.panel",
    "rich.table",
    "uvloop",
)
STANDARD = (0, 1, 2)


def serve(asked):
    """Answer requests until the other end is closed; return the request to those that were forked for one."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is not asked:
                    _end(waiting, key)
                elif (request := _receive(asked)) is None:
                    os._exit(0)
                elif _begin(waiting, request) == 0:
                    for one in [*waiting.get_map().values()]:
                        if one.data is not None:
                            os.close(one.fd)
                            one.data[1].close()
                    asked.close()
                    return request


def _receive(asked):
    kept = array.array("i")
    text, kept_bytes, _, _ = asked.recvmsg(1 << 20, socket.CMSG_SPACE(4 * kept.itemsize))
    if not text:
        return None
    for _, _, data in kept_bytes:
        kept.frombytes(data)
    *standard, answer = kept
    return {**json.loads(text), "standard": standard, "answer": socket.socket(fileno=answer)}


def _begin(waiting, request):
    pid = os.fork()
    if pid:
        for number in request["standard"]:
            os.close(number)
        waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, request["answer"]))
        request["answer"].sendall(b"%d\n" % pid)
    return pid


def _end(waiting, key):
    pid, answer = key.data
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    waiting.unregister(key.fileobj)
    os.close(key.fd)
    with contextlib.suppress(OSError), answer:  # nobody may be waiting any more
        answer.sendall(b"%d\n" % code)


def become(request):
    """Make this process what the request says."""
    request.pop("answer").close()
    for number, given in zip(STANDARD, request.pop("standard"), strict=True):
        os.dup2(given, number)
        os.close(given)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    sys.path[0] = request["folder"]


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        for name in PACKAGES:
            with contextlib.suppress(ImportError):  # some are optional
                importlib.import_module(name)
        gc.freeze()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.sendall(b"ready")
        become(serve(asked))
    runpy.run_module("voxsip.cli", run_name="__main__", alter_sys=True)
