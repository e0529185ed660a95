"""A small spec, the package made from it, and a stand-in for the client."""

import importlib
import itertools
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.codegen.documents import Documents
from tools.codegen.generate import generate
from tools.codegen.tree import write

HERE = Path(__file__).parent
NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def library():
    """Folder of the small spec."""
    return HERE / "library"


@pytest.fixture
def documents(library):
    """The small spec, decoded, for a test to break."""
    return {path.stem: json.loads(path.read_bytes()) for path in library.glob("*.json")}


@pytest.fixture
def parsed(documents):
    """Parse what a test has made of the small spec."""
    from tools.codegen.parse import parse

    return lambda: parse(Documents(documents))


@pytest.fixture(scope="session")
def importing(tmp_path_factory):
    """Generate a package from a spec folder, and return a function that imports its modules."""

    def make(spec):
        name = f"made_{next(NUMBERS)}"
        root = tmp_path_factory.mktemp("generated")
        write(generate(spec, name), root / name)
        sys.path.insert(0, str(root))
        paths.append(str(root))

        def load(module):
            return importlib.import_module(f"{name}.{module}" if module else name)

        return SimpleNamespace(load=load, root=root, name=name)

    paths = []
    yield make
    for path in paths:
        sys.path.remove(path)
    for module in [module for module in sys.modules if module.startswith("made_")]:
        del sys.modules[module]


@pytest.fixture(scope="session")
def package(importing, library):
    """The package made from the small spec."""
    return importing(library)


class Recorder:
    """A Caller that keeps what it is asked and answers from a list."""

    def __init__(self):
        self.calls = []

    async def _answer(self, reply):
        return reply

    def invoke(self, command, values, reply, deadline):
        self.calls.append((command, values, reply, deadline))
        return self._answer(reply)

    def paginate(self, command, values, item, deadline):
        self.calls.append((command, values, item, deadline))
        return item

    def download(self, command, values, deadline):
        self.calls.append((command, values, bytes, deadline))
        return "download"


class Loop:
    """A Runner for coroutines that never wait."""

    def run(self, coroutine):
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        pytest.fail("the coroutine waits")


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def runner():
    return Loop()
