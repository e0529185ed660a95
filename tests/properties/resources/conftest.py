import pytest

from tests.support.chaos_harness import Served


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """An emulator in a process of its own, so that what this one holds is the client's."""
    folder = tmp_path_factory.mktemp("resources")
    faults = folder / "faults.toml"
    faults.write_text(
        "".join(
            f'[[fault]]\nkind = "{kind}"\ncommand = "UpdateSipRegistration"\nshare = 0.1\n'
            for kind in ("refuse", "lose_reply", "truncated", "empty")
        )
    )
    served = Served(folder, registrations=200, users=200, balance=100_000, faults=faults)
    yield served
    served.close()
