"""What every test shares: a clean environment, and property tests that no slow machine can fail.

They try the same examples every time, so that a failure is of the change at hand; the profile "long" looks for new ones.
"""

import signal

import pytest
from hypothesis import HealthCheck, settings

import tests.support.parsed_keys  # noqa: F401 - for what it does
from tests.support.collected import *  # noqa: F403 - hooks
from tests.support.real_parts import *  # noqa: F403 - hooks
from tests.support.short_start import *  # noqa: F403 - hooks
from tests.support.time_limit import *  # noqa: F403 - hooks

NOISY = [HealthCheck.too_slow]  # how fast examples are made depends on the machine
settings.register_profile("voxsip", deadline=None, derandomize=True, suppress_health_check=NOISY)
settings.register_profile("long", deadline=None, max_examples=2000)
settings.load_profile("voxsip")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell; the processes that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # started by nohup: the same


@pytest.fixture(autouse=True)
def _no_credentials_from_outside(monkeypatch):
    for name in ("CREDENTIALS", "TOKEN", "BASE_URL"):
        monkeypatch.delenv(f"VOXIMPLANT_{name}", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "VOXSIP_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
