"""`python -m voxsip.cli`, the same as `voxsip`."""

import sys

from voxsip.cli import main

if __name__ == "__main__":  # not in a process that multiprocessing starts
    sys.exit(main())
