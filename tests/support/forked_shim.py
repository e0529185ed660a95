"""A `voxsip` for scripts: it has the command server of the tests run the command, with its own input and output."""

import array
import json
import os
import socket
import sys

asked = socket.socket(fileno=os.dup(int(os.environ["VOXSIP_TESTS_FORK"])))
mine, its = socket.socketpair()
request = {
    "arguments": sys.argv[1:],
    "folder": os.getcwd(),  # noqa: PTH109 - pathlib takes as long to import as all the rest
    "environment": dict(os.environ),
    "script": None,
}
given = array.array("i", (0, 1, 2, its.fileno()))
asked.sendmsg([json.dumps(request).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, given)])
its.close()
with mine.makefile("r") as answer:
    _, code = map(int, answer)  # the first is the process's id
sys.exit(code if code >= 0 else 128 - code)
