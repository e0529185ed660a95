import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.support import killed_job as killed
from tests.support.emulators import received


@pytest.fixture
async def account(start):
    """An emulator of 40 registrations and 12 users in 3 applications, and a client."""
    return await start(applications=3, users=12, registrations=40)


@pytest.fixture(autouse=True)
async def _no_task_is_left(request):
    """Whatever a test does, the tasks it started end."""
    before = asyncio.all_tasks()
    yield
    for _ in range(200):
        left = {task for task in asyncio.all_tasks() - before if "voxsip-bulk" in task.get_name()}
        if not left:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"left behind: {left}")


def bindings(emulator):
    """The state as the sequential model has it."""
    from voxsip._bindings.state import Binding

    return {
        row["sip_registration_id"]: Binding(row["application_id"], row["rule_id"], row["user_id"])
        for row in emulator.state.registrations
    }


async def until(condition):
    """Wait for something that happens on the server's side, which tells nobody."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def kill_until_done(kind, emulator, journal, count, moments, between=lambda: None):
    """Run a job in a process of its own; kill it after so many more requests each; then let it end. Return its last words."""
    killings = 0
    name = {"create": "CreateSipRegistration", "delete": "DeleteSipRegistration"}.get(
        kind, "BindSipRegistration"
    )
    command = [sys.executable, killed.__file__, kind, emulator.base_url, str(emulator.credentials)]
    environment = {"PYTHONPATH": str(Path(killed.__file__).parents[2]), "PATH": ""}
    while True:
        process = await asyncio.create_subprocess_exec(
            *command,
            str(journal),
            str(count),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
        assert process.stdout is not None
        if moments:
            await process.stdout.readline()
            enough = received(emulator, name) + moments.pop(0)
            while received(emulator, name) < enough and process.returncode is None:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                killings += 1
            await process.communicate()
            between()
            continue
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        words = out.decode().split()[1:]
        return [int(word) for word in words], killings
