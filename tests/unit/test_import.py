"""What `import voxsip` loads, and what it does not."""

import json
import subprocess
import sys

import pytest

import voxsip
from voxsip.emulator import Emulator

ABSENT = {
    "jose",
    "cryptography",
    "tenacity",
    "cattrs",
    "uvloop",
    "cyclopts",
    "rich",
    "sqlite3",
    "asyncpg",
    "hypothesis",
    "opentelemetry",
}


def modules_after(code):
    program = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def loaded():
    return modules_after("from voxsip import AsyncClient, Client")


def test_the_package_alone_loads_nothing_but_itself():
    after = modules_after("import voxsip")
    found = {name for name in after if name.partition(".")[0] == "voxsip"}
    assert found == {"voxsip", "voxsip._lazy", "voxsip._version"}
    assert not {"aiohttp", "asyncio", "attr"} & after


@pytest.mark.parametrize("words", [["--help"], ["bulk", "--help"], ["--version"]])
def test_help_and_version_load_no_http_library(words):
    after = modules_after(
        f"import contextlib, io, voxsip.cli\n"
        f"with contextlib.redirect_stdout(io.StringIO()): voxsip.cli.main({words})"
    )
    assert not {"aiohttp", "yarl", "voxsip._base_client"} & after


def test_no_group_is_loaded(loaded):
    generated = {name for name in loaded if name.startswith("voxsip._generated.")}
    assert generated == {"voxsip._generated._async_groups", "voxsip._generated._sync_groups"}


@pytest.mark.parametrize(
    "part",
    [
        "voxsip.bulk",
        "voxsip.emulator",
        "voxsip.cli",
        "voxsip._calls.observer",
        "voxsip.events",
        "voxsip.models",
        "voxsip.otel",
        "voxsip.shared",
        "voxsip.webhooks",
    ],
)
def test_no_other_part_is_loaded(loaded, part):
    assert not any(name == part or name.startswith(f"{part}.") for name in loaded)


def test_nothing_heavy_is_loaded(loaded):
    assert not ABSENT & {name.partition(".")[0] for name in loaded}


def groups_of(modules):
    return {
        name.split(".")[2]
        for name in modules
        if name.startswith("voxsip._generated.") and name.count(".") > 2
    }


@pytest.mark.parametrize(
    ("call", "groups"),
    [
        ("client.users.list().first_page()", {"users", "common"}),
        ("client.call('GetSecrets', {'application_id': 1})", {"secrets"}),
        ("client.invoices.download(invoice_id=1).read()", {"invoices"}),
        ("client.resolve.application('app-1')", {"applications", "common"}),
    ],
)
def test_a_first_call_loads_its_own_group_and_no_other(call, groups):
    with Emulator() as emulator:
        credentials, base_url = str(emulator.credentials), emulator.base_url
        after = modules_after(
            f"import voxsip\n"
            f"with voxsip.Client({credentials!r}, base_url={base_url!r}) as client:\n    {call}"
        )
    assert groups_of(after) == groups


def test_a_group_is_loaded_with_its_first_use():
    after = modules_after(
        "import voxsip\nclient = voxsip.AsyncClient(token='t')\nclient.sip_registrations\nclient.sip_registrations"
    )
    groups = groups_of(after)
    assert groups <= {"sip_registrations", "common"}
    assert "sip_registrations" in groups
    assert "jose" not in after


def test_nothing_runs_before_the_first_call():
    after = modules_after(
        "import voxsip, threading\nvoxsip.Client(token='t')\nassert threading.active_count() == 1"
    )
    assert "voxsip._sync_client" in after


def test_all_public_names_are_there():
    for name in voxsip.__all__:
        assert getattr(voxsip, name) is not None
    assert set(voxsip.__all__) <= set(dir(voxsip))
    assert len(voxsip.__all__) == len(set(voxsip.__all__))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = voxsip.nothing
