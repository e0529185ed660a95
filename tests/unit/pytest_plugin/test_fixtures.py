"""The plugin as its users have it: pytest in a process of its own, on a folder that knows nothing of ours."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from voxsip.emulator import Fault


def run(folder, text):
    (folder / "test_theirs.py").write_text(dedent(text))
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--strict-markers", "-W", "error"),
            *("-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
    )


@pytest.mark.slow
def test_found_without_a_word_and_strict_about_its_markers(tmp_path):
    done = run(
        tmp_path,
        """
        import pytest
        import voxsip


        @pytest.mark.voxsip_emulator(registrations=3)
        class TestMany:
            @pytest.mark.voxsip_emulator(users=5)
            @pytest.mark.voxsip_faults({"kind": "lose_reply", "command": "BindSipRegistration", "first": 1})
            def test_sync(self, voxsip_client, voxsip_emulator):
                reply = voxsip_client.sip_registrations.bind(
                    sip_registration_id=1, application_id=1, user_id=1
                )
                assert reply.result == 1
                assert voxsip_emulator.faults.applied == {"lose_reply": 1}
                assert [row["user_id"] for row in voxsip_emulator.state.registrations] == [1, None, None]


        @pytest.mark.asyncio
        async def test_async(voxsip_async_client):
            names = [item.application_name async for item in voxsip_async_client.applications.list()]
            assert names == ["app-1", "app-2", "app-3"]


        def test_environment(voxsip_environment):
            with voxsip.Client() as client:
                assert client.accounts.get_account_info().result.account_id == 1


        @pytest.mark.voxsip_emulator(tls=True)
        def test_tls(voxsip_client, voxsip_emulator):
            assert voxsip_emulator.base_url.startswith("https://")
            assert len(voxsip_client.users.list(application_id=1).first_page()) == 4
        """,
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_a_marker_that_cannot_be_says_so(tmp_path):
    mistakes = {
        "voxsip_emulator(registration=3)": "unexpected keyword argument 'registration'",
        "voxsip_emulator(3)": "name the options",
        "voxsip_emulator(users=-1)": "users must not be negative",
        "voxsip_faults({'kind': 'typo'})": "unknown kind of fault 'typo'",
        "voxsip_faults(3)": "a fault is a Fault or a mapping",
    }
    tests = "".join(
        f"@pytest.mark.{marker}\ndef test_{number}(voxsip_emulator): pass\n"
        for number, marker in enumerate(mistakes)
    )
    done = run(tmp_path, "import pytest\n" + tests)
    assert f"{len(mistakes)} errors" in done.stdout
    assert [words for words in mistakes.values() if words not in done.stdout] == []


@pytest.mark.voxsip_emulator(registrations=2)
@pytest.mark.voxsip_faults(Fault(kind="error", code=340, command="DeleteSipRegistration", first=1))
async def test_in_this_process(voxsip_async_client, voxsip_emulator):
    await voxsip_async_client.sip_registrations.delete(sip_registration_id=1)
    assert [row["sip_registration_id"] for row in voxsip_emulator.state.registrations] == [2]
    assert voxsip_emulator.state.counters["DeleteSipRegistration"] == {"received": 2, "executed": 1}


def test_options_of_clients_can_be_overridden(voxsip_client_options, voxsip_client):
    assert voxsip_client_options["retry"].backoff == 0.01
    assert len(voxsip_client.applications.list().first_page()) == 3
