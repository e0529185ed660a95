"""Run checks side by side, one on each core: `python -m tools.side_by_side "ruff check" "mypy voxsip && pyright"`.

What a check says is printed whole, as it ends. The exit status is 1 if one failed; the others run to their ends.
"""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed


def main(lines: Sequence[str]) -> int:
    """Run each line's commands, begun in the order of the lines, and return the exit status."""
    failed = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in as_completed([pool.submit(_run, line) for line in lines]):
            status, text = done.result()
            failed |= status != 0
            print(text, flush=True)
    return int(failed)


def _run(line: str) -> tuple[int, str]:
    """Run commands joined by `&&` until one fails; return its status and what they said."""
    said = ""
    for command in line.split("&&"):
        words = shlex.split(command)
        begun = time.monotonic()
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        end = f"exit status {done.returncode}, " if done.returncode else ""
        seconds = time.monotonic() - begun
        said += f"+ {shlex.join(words)}\n{done.stdout}({end}{seconds:.1f} s)\n"
        if done.returncode:
            return done.returncode, said
    return 0, said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
