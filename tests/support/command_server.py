"""A process that has imported what `voxsip` needs, and forks for each command or script it is asked for.

Nearly all of a command's CPU time goes into imports that are the same in every process. Arguments, environment, folder, pipes,
exit code and the interpreter's end are each one's own. That a module can be imported first, and what a command imports, is
tested in processes of their own: tests/unit/test_import.py.
"""

import array
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import types
import warnings
from pathlib import Path

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
OWN = ("_generated.common", "_generated.sip_registrations", "bulk", "cli", "plan", "report")
"""Of voxsip's own packages, those that commands import first; what they import comes with them."""
STANDARD = (0, 1, 2)


def import_all():
    for name in PACKAGES:
        with contextlib.suppress(ImportError):  # some are optional
            importlib.import_module(name)
    for name in OWN:
        package = importlib.import_module(f"voxsip.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


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
    request["answer"].close()
    for number, given in zip(STANDARD, request["standard"], strict=True):
        os.dup2(given, number)
        os.close(given)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    sys.path[0] = request["folder"]


def run_script(path):
    """Run a file as `python -W error` does."""
    sys.warnoptions.append("error")
    warnings.simplefilter("error")
    sys.argv[0] = path
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = path
    exec(compile(Path(path).read_bytes(), path, "exec"), main.__dict__)  # noqa: S102 - a program, as asked


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        import_all()
        gc.freeze()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.sendall(b"ready")
        request = serve(asked)
        become(request)
    if request["script"] is None:
        runpy.run_module("voxsip.cli", run_name="__main__", alter_sys=True)
    else:
        run_script(request["script"])
