"""The generated folder: bring it up to date, or tell where it is not."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tools.codegen.render import HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARK = HEADER.partition("{")[0]


def differences(files: Mapping[PurePosixPath, str], folder: Path) -> Iterator[str]:
    """Return the files that are missing, that differ, and that nothing accounts for."""
    for path, text in sorted(files.items()):
        found = _read(folder / path)
        if found is None:
            yield f"{path}: missing"
        elif found != text:
            changes = difflib.unified_diff(
                found.splitlines(),
                text.splitlines(),
                f"{path} as it is",
                f"{path} as it should be",
                lineterm="",
            )
            yield "\n".join(changes)
    for path in strays(files, folder):
        yield f"{path}: not made by the generator"


def strays(files: Mapping[PurePosixPath, str], folder: Path) -> list[PurePosixPath]:
    """Return the files in the folder that the generator does not make; caches do not count."""
    there = (
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    return sorted(
        {PurePosixPath(path.relative_to(folder).as_posix()) for path in there} - files.keys()
    )


def write(files: Mapping[PurePosixPath, str], folder: Path) -> list[PurePosixPath]:
    """Write what changed and delete what an earlier run made and this one does not.

    Returns:
        Files that someone else has put there; they are left alone.
    """
    for path, text in files.items():
        target = folder / path
        if _read(target) != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    foreign = []
    for path in strays(files, folder):
        if MARK in (_read(folder / path) or "").partition("\n")[0]:
            (folder / path).unlink()
            _remove_if_empty((folder / path).parent)
        else:
            foreign.append(path)
    return foreign


def _remove_if_empty(folder: Path) -> None:
    """Take away a package whose last module is gone, compiled leftovers included."""
    if all(path.name == "__pycache__" for path in folder.iterdir()):
        shutil.rmtree(folder)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
