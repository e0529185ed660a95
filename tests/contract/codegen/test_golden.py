"""What the small spec turns into, file by file.

After a wanted change: `UPDATE_GOLDEN=1 pytest tests/contract/codegen/test_golden.py`, then read the diff.
"""

import os
from pathlib import Path, PurePosixPath

from tools.codegen import tree
from tools.codegen.generate import generate

GOLDEN = Path(__file__).parent / "golden"


def test_output_is_what_was_agreed_on(library):
    made = generate(library, "voxsip._generated")
    files = {PurePosixPath(f"{path}.txt"): text for path, text in made.items()}  # no code of ours
    if os.environ.get("UPDATE_GOLDEN"):
        tree.write(files, GOLDEN)
    assert "\n".join(tree.differences(files, GOLDEN)) == ""


def test_two_runs_are_equal(library):
    assert generate(library, "voxsip._generated") == generate(library, "voxsip._generated")
