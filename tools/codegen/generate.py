"""The three steps in one: from a folder of spec files to the text of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.codegen.documents import Documents
from tools.codegen.parse import parse
from tools.codegen.render import render
from tools.codegen.style import formatted

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath


def generate(spec: Path, package: str) -> dict[PurePosixPath, str]:
    """Return the files of the generated package, by their paths inside of it.

    Args:
        spec: folder with the spec's JSON files.
        package: dotted name under which the package is imported.

    Raises:
        SpecError: the spec does not hold together.
    """
    return formatted(render(parse(Documents.read(spec)), package), package)
