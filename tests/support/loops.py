"""Which event loops a test is to be run on."""

from importlib.util import find_spec

import pytest

UVLOOP = pytest.param(
    "uvloop",
    marks=pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not installed"),
)
LOOPS = pytest.mark.parametrize("loop", [UVLOOP, "asyncio"])
