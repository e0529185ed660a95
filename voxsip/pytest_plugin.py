"""Fixtures for the tests of a program that uses voxsip; pytest finds them by itself.

Each test that uses `voxsip_emulator` gets its own Management API, over real HTTP on a loopback address, with the same
data every time. Markers choose the data and the faults:

```python
@pytest.mark.voxsip_emulator(registrations=3, users=5)
@pytest.mark.voxsip_faults(Fault(kind="lose_reply", command="BindSipRegistration", first=1))
def test_binds(voxsip_client, voxsip_emulator):
    my_service.bind_all(voxsip_client)
    assert [row["user_id"] for row in voxsip_emulator.state.registrations] == [1, 2, 3]
```
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from voxsip import AsyncClient, Client
    from voxsip.emulator import Emulator, Fault, Faults

__all__ = [
    "voxsip_async_client",
    "voxsip_client",
    "voxsip_client_options",
    "voxsip_emulator",
    "voxsip_environment",
]

_EMULATOR = "voxsip_emulator"
_FAULTS = "voxsip_faults"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, so that `--strict-markers` knows them."""
    config.addinivalue_line(
        "markers",
        f"{_EMULATOR}(**options): arguments of voxsip.emulator.Emulator for this test",
    )
    config.addinivalue_line(
        "markers",
        f"{_FAULTS}(*faults, seed=0): voxsip.emulator.Fault objects, or mappings of their arguments",
    )


@pytest.fixture
def voxsip_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Serve a local Management API while the test runs.

    The marker `voxsip_emulator` gives its options (`registrations=10`, `rate_limit=5`). If several markers give an
    option, the one nearest to the test applies. Faults come from the marker `voxsip_faults`, or from assigning
    `voxsip_emulator.faults` in the test.
    """
    from voxsip.emulator import Emulator  # noqa: PLC0415 - costs only the tests that ask for it

    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_EMULATOR))):
        if marker.args:
            raise pytest.UsageError(
                f"marker {_EMULATOR}: it takes no positional arguments; name the options, as in "
                "registrations=10"
            )
        options |= marker.kwargs
    faults = _faults(request)
    if faults is not None:
        options["faults"] = faults
    try:
        emulator = Emulator(**options)
    except (TypeError, ValueError) as problem:
        raise pytest.UsageError(f"marker {_EMULATOR}: {problem}") from None
    with emulator:
        yield emulator


@pytest.fixture
def voxsip_client_options() -> Mapping[str, Any]:
    """Return the options of the fixtures' clients; override it in a conftest.

    The default retries as often as a client does, with very short delays.
    """
    from voxsip import RetryPolicy  # noqa: PLC0415 - as above

    return {"retry": RetryPolicy(backoff=0.01, max_retry_after=0.01, lookup_delay=0.01)}


@pytest.fixture
def voxsip_client(
    voxsip_emulator: Emulator, voxsip_client_options: Mapping[str, Any]
) -> Iterator[Client]:
    """Make a sync client of the test's emulator, closed at the end."""
    from voxsip import Client  # noqa: PLC0415 - as above

    with Client(**{**_connection(voxsip_emulator), **voxsip_client_options}) as client:
        yield client


@pytest.fixture
def voxsip_async_client(
    voxsip_emulator: Emulator, voxsip_client_options: Mapping[str, Any]
) -> AsyncClient:
    """Make an async client of the test's emulator, for any asyncio plugin of pytest.

    Its connections are closed when the test's event loop shuts down.
    """
    from voxsip import AsyncClient  # noqa: PLC0415 - as above

    return AsyncClient(**{**_connection(voxsip_emulator), **voxsip_client_options})


@pytest.fixture
def voxsip_environment(voxsip_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Set environment variables so that clients use the test's emulator and no proxy.

    Use it for programs that make their clients themselves, and for their child processes. The variables are
    `VOXIMPLANT_CREDENTIALS`, `VOXIMPLANT_BASE_URL` and `NO_PROXY`; `VOXIMPLANT_TOKEN` is removed.
    """
    monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", str(voxsip_emulator.credentials))
    monkeypatch.setenv("VOXIMPLANT_BASE_URL", voxsip_emulator.base_url)
    monkeypatch.delenv("VOXIMPLANT_TOKEN", raising=False)
    host = urlsplit(voxsip_emulator.base_url).hostname
    listed = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), host)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, ",".join(filter(None, listed)))
    return voxsip_emulator


def _connection(emulator: Emulator) -> dict[str, Any]:
    trust = {} if emulator.ca is None else {"ssl": emulator.ca}
    where = {"credentials": emulator.credentials, "base_url": emulator.base_url}
    return {
        **where,
        "proxy": "",
        **trust,
    }  # the emulator is on this machine: ignore proxies of the environment


def _faults(request: pytest.FixtureRequest) -> Faults | None:
    from voxsip.emulator import Faults  # noqa: PLC0415 - as above

    marker = request.node.get_closest_marker(_FAULTS)
    if marker is None:
        return None
    try:
        return Faults([_fault(rule) for rule in marker.args], **marker.kwargs)
    except (TypeError, ValueError) as problem:
        raise pytest.UsageError(f"marker {_FAULTS}: {problem}") from None


def _fault(rule: Any) -> Fault:
    from voxsip.emulator import Fault  # noqa: PLC0415 - as above

    if isinstance(rule, Fault):
        return rule
    if isinstance(rule, Mapping):
        return Fault(**rule)
    raise TypeError(f"a fault is a Fault or a mapping of its arguments, not {rule!r}")
