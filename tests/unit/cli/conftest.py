from contextlib import ExitStack

import pytest

from tests.support.cli_command import Command
from tests.support.postgres import postgres  # noqa: F401 - a fixture
from voxsip.emulator import Emulator


@pytest.fixture
def serve(tmp_path):
    """Start emulators as asked, each with a command that talks to it."""
    with ExitStack() as stack:

        def start(**options):
            emulator = stack.enter_context(Emulator(**options))
            return emulator, Command(tmp_path, emulator)

        yield start


@pytest.fixture
def write(tmp_path):
    """Write a file where commands run, and return its name."""

    def write(content, name="rows.csv"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return name

    return write
