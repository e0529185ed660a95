"""`python -m tools.codegen`: write voxsip/_generated/; with `--check`, only check whether it is up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.codegen import tree
from tools.codegen.documents import SpecError
from tools.codegen.generate import generate
from tools.codegen.style import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the generator; the exit code is 1 if something is not as it should be, 2 for a broken spec."""
    options = _parser().parse_args(arguments)
    try:
        files = generate(options.spec, options.package)
    except SpecError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.check:
        found = list(tree.differences(files, options.out))
        advice = "run `python -m tools.codegen`; move or remove what it does not make"
    else:
        found = [f"{path}: not made by the generator" for path in tree.write(files, options.out)]
        advice = "move or remove these files"
    for line in found:
        print(line)
    if found:
        print(f"{options.out}: {advice}", file=sys.stderr)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.codegen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument(
        "--spec", type=Path, default=REPOSITORY / "voxsip" / "spec", help="folder to read"
    )
    parser.add_argument(
        "--out", type=Path, default=REPOSITORY / "voxsip" / "_generated", help="folder to write"
    )
    parser.add_argument(
        "--package", default="voxsip._generated", help="dotted name of what is written"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
