"""Makes every Python that starts with this folder on its path give up leases, and wait for lost tasks, sooner."""

import voxsip.bulk._journal.store
import voxsip.cluster._drive
import voxsip.cluster._part

voxsip.bulk._journal.store.LEASE = 4.0
voxsip.cluster._drive.STALE_SECONDS = 8.0
voxsip.cluster._drive.LOST_SECONDS = 5.0
voxsip.cluster._part.WATCH_SECONDS = 0.5
