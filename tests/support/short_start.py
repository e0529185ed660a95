"""The start of a run costs each worker less.

Of workers that start together, each rewrites the asserts of a share of the test files. pytest keeps what it rewrites beside
the files, but in a fresh checkout they find nothing kept: each spent four seconds on the same files. What a share leaves out,
pytest rewrites as ever.

What is collected stays to the end, so nothing looks for garbage in it: not while it is collected, nor later.
"""

import gc
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.collected import pytest_ignore_collect


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session):
    worker = getattr(session.config, "workerinput", None)
    collecting = gc.isenabled()
    gc.disable()
    try:
        if worker is not None and not sys.dont_write_bytecode:
            number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
            with suppress(ImportError, AttributeError, TypeError):  # not public: it may change
                _rewrite(_files(session.config)[number % count :: count], session.config)
        return (yield)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def _files(config):
    """Return the test files of a run in the order in which they are read."""
    asked = [Path(config.invocation_params.dir, one.partition("::")[0]) for one in config.args]
    found = {file for path in asked for file in ([path] if path.is_file() else path.rglob("*.py"))}
    tests = [file for file in found if file.match("test_*.py") or file.name == "conftest.py"]
    return sorted(file for file in tests if not _ignored(file, config))


def _ignored(file, config):
    return any(pytest_ignore_collect(path, config) for path in (file, *file.parents))


def _rewrite(files, config):
    from _pytest.assertion import rewrite

    state = config.stash[rewrite.assertstate_key]
    for file in files:
        folder = rewrite.get_cache_dir(file)
        kept = folder / f"{file.stem}{rewrite.PYC_TAIL}"
        if not kept.exists() and rewrite.try_makedirs(folder):
            source, code = rewrite._rewrite_test(file, config)
            rewrite._write_pyc(state, code, source, kept)
