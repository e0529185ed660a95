"""`python -m voxsip.emulator`: the emulator without the command-line extra."""

from __future__ import annotations

import argparse
import sys

from voxsip.emulator._process import serve


def main(arguments: list[str] | None = None) -> int:
    """Read the options and serve; return 2 for wrong options, 0 when told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m voxsip.emulator", description="A local Voximplant Management API."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0: a free one")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS")
    parser.add_argument(
        "--tls-name", action="append", default=[], help="further name for the certificate"
    )
    parser.add_argument("--dir", help="where credentials.json and ca.pem go")
    parser.add_argument("--applications", type=int, default=3)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--registrations", type=int, default=0)
    parser.add_argument("--balance", default="1000", help="money at the start")
    parser.add_argument("--price", default="1", help="what a registration costs")
    parser.add_argument("--rate-limit", type=float, help="calls a second; above it, error 340")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a request takes")
    parser.add_argument("--faults", help="TOML file of faults")
    parser.add_argument("--callback-url", help="where callbacks are posted to, on this machine")
    parser.add_argument("--callback-salt", default="", help="salt of their hashes")
    try:
        serve(**vars(parser.parse_args(arguments)))
    except (ValueError, OSError) as problem:
        parser.error(str(problem))
    return 0


if __name__ == "__main__":
    sys.exit(main())
