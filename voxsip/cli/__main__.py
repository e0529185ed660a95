"""`python -m voxsip.cli`, the same as `voxsip`."""

import sys

from voxsip.cli import main

sys.exit(main())
