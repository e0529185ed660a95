"""Sort imports and format, with ruff and this repository's own settings."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).parents[2]


def formatted(files: Mapping[PurePosixPath, str], package: str) -> dict[PurePosixPath, str]:
    """Return the files as ruff leaves them.

    Raises:
        RuntimeError: ruff refuses the text, so that a template must be wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        # Where a file lies must not decide how its imports are sorted.
        first_party = f'lint.isort.known-first-party=["voxsip", "{package.partition(".")[0]}"]'
        _ruff(root, "check", "--select=I", "--fix", "--quiet", "--config", first_party)
        _ruff(root, "format", "--quiet")
        return {path: (root / path).read_text(encoding="utf-8") for path in files}


def _ruff(folder: Path, *arguments: str) -> None:
    settings = REPOSITORY / "pyproject.toml"
    command = [
        sys.executable,
        "-m",
        "ruff",
        *arguments,
        "--no-cache",
        "--config",
        str(settings),
        ".",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ruff {arguments[0]} failed:\n{done.stdout}{done.stderr}")
