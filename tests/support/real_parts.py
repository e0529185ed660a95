"""Print at the end of a run how many of its tests used a real PostgreSQL and real Dask workers; `.ci/run` wants some of both."""

import pytest

PARTS = ("PostgreSQL", "Dask")
SERVER = pytest.StashKey()
"""The PostgreSQL server of a process, if a test has started one."""
_PROPERTY = "real part"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.outcome != "skipped":
        used = ("postgres" in item.fixturenames, item.get_closest_marker("dask") is not None)
        report.user_properties += [
            (_PROPERTY, part) for part, uses in zip(PARTS, used, strict=True) if uses
        ]
    return report


def pytest_terminal_summary(terminalreporter):
    ended = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
    ]
    used = [
        value for report in ended for name, value in report.user_properties if name == _PROPERTY
    ]
    if used:
        counts = ", ".join(f"{part} {used.count(part)}" for part in PARTS)
        terminalreporter.write_line(f"tests of real parts: {counts}")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """End the server; to remove the thousands of files of its databases takes time that is no test's."""
    if server := session.stash.get(SERVER, None):
        server.stop()
