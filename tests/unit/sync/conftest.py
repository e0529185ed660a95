"""An emulator that is watched, a client of it, and programs in processes of their own."""

import pytest

import voxsip
from tests.support.programs import Program
from tests.support.request_watch import Watch
from voxsip.emulator import Emulator


@pytest.fixture
def watch():
    """See and hold back what the emulator is asked."""
    watch = Watch()
    yield watch
    watch.resume()


@pytest.fixture
def tls():
    """Whether the emulator speaks TLS; for tests to parametrize."""
    return False


@pytest.fixture
def emulator(watch, tls):
    """Twenty registrations, ten users, three applications."""
    with Emulator(registrations=20, faults=watch, tls=tls) as emulator:
        yield emulator


@pytest.fixture
def client(emulator):
    """Block on the emulator's replies."""
    with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
        yield client


@pytest.fixture
def start(tmp_path, emulator):
    """Give a function that starts a program and returns it running."""
    programs = []

    def start(function, *, options=(), environment=None, **arguments):
        program = Program(function, tmp_path, emulator, arguments, environment or {}, options)
        programs.append(program)
        return program

    yield start
    for program in programs:
        program.close()


@pytest.fixture
def run(start):
    """Give a function that runs a program to its end and returns the lines it said."""

    def run(function, *, code=0, error="", **options):
        return start(function, **options).finish(code, error)

    return run
