"""Threads that were replaced: the blocking client says so at once, where it would wait for ever."""

import subprocess
import sys

import pytest

PROGRAM = """
from gevent import monkey
if {first}:
    monkey.patch_all({options})
import voxsip
client = voxsip.Client(token="t", base_url="http://127.0.0.1:9")
if not {first}:
    monkey.patch_all({options})
try:
    client.call("GetAccountInfo")
except RuntimeError as error:
    print("refused:", error)
except voxsip.NotSentError:
    print("called")
client.close()
"""


@pytest.mark.parametrize(
    ("first", "options", "said"),
    [
        (True, "", "refused: voxsip.Client: threads are patched by gevent"),
        (False, "", "refused: voxsip.Client: threads are patched by gevent"),
        (True, "thread=False, socket=False, select=False, ssl=False, queue=False", "called"),
    ],
)
def test_a_patched_program_is_told_at_once(first, options, said):
    pytest.importorskip("gevent")
    program = PROGRAM.format(first=first, options=options)
    program = program.replace(
        'base_url="http://127.0.0.1:9"',
        'base_url="http://127.0.0.1:9", retry=voxsip.RetryPolicy(attempts=1)',
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith(said), done.stderr
