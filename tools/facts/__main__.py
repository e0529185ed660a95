"""`python -m tools.facts FOLDER`: complete the spec from lists of facts; `--drift` only compares."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.facts.build import build
from tools.facts.sources import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SPEC = Path(__file__).parents[2] / "voxsip" / "spec"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the spec, or list differences; the exit code is 1 if there are some."""
    parser = argparse.ArgumentParser(prog="python -m tools.facts", description=__doc__)
    parser.add_argument("facts", type=Path, help="folder with the four files of facts")
    parser.add_argument("--spec", type=Path, default=SPEC, help="folder of the spec")
    parser.add_argument("--drift", action="store_true", help="write nothing, only compare")
    parser.add_argument("--missing", metavar="GROUP", help="list the texts that a group lacks")
    options = parser.parse_args(arguments)
    documents, texts = build(Facts.read(options.facts), options.spec)
    if options.missing:
        missing = dict.fromkeys(texts[options.missing].missing, "TODO")
        print(json.dumps(missing, indent=2))
        return 1 if missing else 0
    if options.drift:
        found = list(differences(documents, options.spec))
        print(*found, sep="\n", end="\n" if found else "")
        return 1 if found else 0
    for stem, document in documents.items():
        (options.spec / f"{stem}.json").write_text(text_of(document), encoding="utf-8")
    for stem, group in texts.items():
        if group.missing:
            print(f"{stem}: {len(group.missing)} texts missing of {len(group.used)}")
    return 0


def differences(documents: dict[str, dict[str, Any]], folder: Path) -> Iterator[str]:
    """List what the facts would change in the spec, as a diff of each file."""
    for stem, document in documents.items():
        path = folder / f"{stem}.json"
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        yield from difflib.unified_diff(
            before.splitlines(),
            text_of(document).splitlines(),
            f"{stem}.json as it is",
            f"{stem}.json by the facts",
            lineterm="",
        )


def text_of(document: dict[str, Any]) -> str:
    """Write a document as the spec's files are laid out."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
