"""Node tools, each at a pinned version, installed into the environment that the tests run in."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

STARTED = time.time()


@pytest.fixture(scope="session")
def node_package(tmp_path_factory):
    """Give a function that installs `name@version` once and answers where it is."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not on PATH")
    in_environment = sys.prefix != sys.base_prefix
    root = Path(sys.prefix, "node") if in_environment else tmp_path_factory.mktemp("node")

    def install(name, version):
        folder = root / f"{name.strip('@').replace('/', '-')}-{version}"
        if not folder.exists():
            failure = folder.with_name(f"{folder.name}.failed")
            if failure.exists() and failure.stat().st_mtime > STARTED - 600:
                pytest.fail(f"an earlier npm install failed: {failure.read_text()}")
            building = folder.with_name(
                f"{folder.name}.{os.getpid()}"
            )  # not the only process, perhaps
            building.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                [
                    *(npm, "install", "--prefix", building, "--no-save", "--no-package-lock"),
                    *("--ignore-scripts", "--no-audit", "--no-fund", f"{name}@{version}"),
                ],
                capture_output=True,
                text=True,
                check=False,
                timeout=100,
            )
            if done.returncode != 0:
                failure.write_text(done.stderr)
                pytest.fail(done.stderr)
            with suppress(OSError):  # somebody else was first: theirs is as good
                building.rename(folder)
        return folder / "node_modules"

    return install
