"""What every test shares: a clean environment, and property tests that no slow machine can fail."""

import pytest
from hypothesis import settings

settings.register_profile("voxsip", deadline=None)
settings.register_profile("long", deadline=None, max_examples=2000)
settings.load_profile("voxsip")


@pytest.fixture(autouse=True)
def _no_credentials_from_outside(monkeypatch):
    for name in ("CREDENTIALS", "TOKEN", "BASE_URL"):
        monkeypatch.delenv(f"VOXIMPLANT_{name}", raising=False)
