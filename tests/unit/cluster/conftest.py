import csv
import json

import pytest

import voxsip
from tests.support.emulators import QUICK
from tests.support.postgres import postgres, store  # noqa: F401 - fixtures
from voxsip.cluster import run_part
from voxsip.emulator import Emulator


@pytest.fixture
def write(tmp_path):
    """Write rows, given as dicts, to a CSV or JSONL file; return its path."""

    def write(rows, name="rows.csv"):
        path = tmp_path / name
        with path.open("w", newline="") as file:
            if name.endswith(".jsonl"):
                file.writelines(json.dumps(row) + "\n" for row in rows)
            else:
                writer = csv.DictWriter(
                    file, list(dict.fromkeys(key for row in rows for key in row))
                )
                writer.writeheader()
                writer.writerows(rows)
        return str(path)

    return write


@pytest.fixture
async def account():
    """An emulator of 60 registrations and 30 users in 3 applications, and a client of it."""
    options = {"applications": 3, "users": 30, "registrations": 60, "balance": 1000, "price": 1}
    async with (
        Emulator(**options) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url, retry=QUICK) as client,
    ):
        yield emulator, client


async def run_all(job, address, client):
    """Run all parts of a job, one after another, as an engine of one worker would."""
    return [await run_part(address, job.job_id, part, client=client) for part in range(job.parts)]


def bound(emulator):
    """The application and the user of each registration."""
    return {
        row["sip_registration_id"]: (row["application_id"], row["user_id"])
        for row in emulator.state.registrations
    }
