"""How much chaos: the defaults suit CI; options make it as long as one likes (`pytest tests/properties/chaos --chaos-rows 100000`)."""

import pytest

OPTIONS = {
    "--chaos-rows": (600, "rows to bind under faults"),
    "--chaos-creates": (60, "registrations to buy under faults"),
    "--chaos-kills": (3, "times each of these jobs is killed"),
    "--chaos-seed": (1, "seed of rows, faults and kills"),
    "--kill-runs": (1, "jobs to buy with, each killed one or more times"),
    "--kill-rows": (300, "rows of each of these jobs"),
}


def pytest_addoption(parser):
    group = parser.getgroup("chaos")
    for name, (value, text) in OPTIONS.items():
        group.addoption(name, type=int, default=value, metavar="N", help=text)


def pytest_collection_modifyitems(config, items):
    """Give the short runs more time than other tests have; `--timeout` on the command line wins."""
    if config.getoption("timeout", None) is None:
        for item in items:
            if item.path.name == "test_chaos.py":
                item.add_marker(pytest.mark.timeout(400))


@pytest.fixture
def amount(request):
    """Return the value of an option; the defaults hold where this file was read too late to add options."""
    return lambda name: request.config.getoption(name, default=OPTIONS[name][0])


@pytest.fixture
def served(tmp_path):
    """Run emulators as processes, and end them."""
    from tests.support.chaos_harness import Served

    running = []

    def start(**options):
        running.append(Served(tmp_path, **options))
        return running[-1]

    yield start
    for one in running:
        one.close()
