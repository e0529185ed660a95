"""Threads that were replaced: the blocking client says so at once, where it would wait forever."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import warnings
warnings.simplefilter("ignore")
{importing}
if {first}:
    {patch}
import voxsip
retry = voxsip.RetryPolicy(attempts=1)
client = voxsip.Client(token="t", base_url="http://127.0.0.1:9", retry=retry)
if not {first}:
    {patch}
try:
    client.call("GetAccountInfo")
except RuntimeError as error:
    print("refused:", error)
except voxsip.NotSentError:
    print("called")
client.close()
"""
LIBRARIES = {
    "gevent": ("from gevent import monkey", "monkey.patch_all({})", "thread=False, queue=False"),
    "eventlet": ("import eventlet", "eventlet.monkey_patch({})", "thread=False"),
}
NOTHING_ELSE = ", socket=False, select=False, ssl=False"


@pytest.mark.parametrize("how", ["before", "after", "without threads"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_patched_program_is_told_at_once(library, how):
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    importing, patch, without = LIBRARIES[library]
    without += NOTHING_ELSE if library == "gevent" else ", socket=False, select=False, os=False"
    program = PROGRAM.format(
        importing=importing,
        patch=patch.format(without if how == "without threads" else ""),
        first=how != "after",
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    refused = f"refused: voxsip.Client: threads are patched by {library}"
    assert done.stdout.startswith("called" if how == "without threads" else refused), done.stderr
