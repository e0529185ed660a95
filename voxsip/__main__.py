"""`python -m voxsip`, the same as `voxsip`."""

import sys

from voxsip.cli import main

if __name__ == "__main__":
    sys.exit(main())
