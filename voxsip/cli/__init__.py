"""The `voxsip` command. `main` is its entry point; all else loads when a command needs it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from voxsip._version import __version__

_NEEDED = ("cyclopts", "rich")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code (see `voxsip.cli._exit_codes`).

    Args:
        arguments: the words after the program's name; by default those of this process.
    """
    from voxsip.cli._terminal.streams import open_closed_descriptors  # noqa: PLC0415 - with all else

    open_closed_descriptors()
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:
        return _print_version()
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        print(
            f"voxsip: the command line needs {' and '.join(missing)}: pip install 'voxsip[cli]'",
            file=sys.stderr,
        )
        return 3
    try:
        from voxsip.cli._app import run  # noqa: PLC0415 - only once it is known to load
    except KeyboardInterrupt:
        return 130

    return run(arguments)


def _print_version() -> int:
    from voxsip.cli._terminal.streams import OutputLost, guarded_streams  # noqa: PLC0415

    with guarded_streams():
        try:
            print(f"voxsip {__version__}", flush=True)
        except OutputLost as lost:
            return lost.tell()
    return 0
