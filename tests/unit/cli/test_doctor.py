"""`voxsip doctor`: the findings for what can be wrong, by the real command."""

import asyncio
import json
from pathlib import Path

import pytest

import voxsip
from tests.support.answers import Answer, answering
from tests.support.emulators import commands_received
from voxsip.cli._doctor.assumptions import ASSUMPTIONS, Scene, check_assumptions
from voxsip.cli._doctor.findings import State
from voxsip.cli._doctor.network import Reached

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.once  # processes, and nothing an interpreter changes


def look(command, *arguments, **environment):
    ended = command("doctor", "--json", *arguments, **environment)
    told = json.loads(ended.out)
    return ended, {one["name"]: one for one in [*told["checks"], *told["assumptions"]]}


def test_all_is_well_and_nothing_is_changed(serve):
    emulator, command = serve(tls=True, registrations=3)
    ended, found = look(command, "--ca-file", emulator.ca)
    assert ended.code == 0
    assert {name for name, one in found.items() if one["state"] != "ok"} == set()
    assert found["versions"]["voxsip"] == voxsip.__version__
    assert found["tls"]["version"] == "TLSv1.3"
    assert found["tls"]["issuer"] == "voxsip emulator authority"
    assert found["money"]["enough_for"] == 1000
    assert found["registrations"]["total"] == 3
    assert found["users"]["users"] == 10
    assert all(name.startswith("Get") for name in commands_received(emulator))
    secrets = json.loads(Path(emulator.credentials).read_text())
    assert secrets["private_key"].splitlines()[1] not in ended.out
    assert secrets["account_email"] not in ended.out


@pytest.mark.parametrize(
    ("options", "name", "state", "words"),
    [
        ({"balance": 0}, "money", "warning", "enough for 0"),
        ({"clock_offset": 120}, "clock", "warning", "behind the server's"),
        ({"clock_offset": -120}, "clock", "warning", "ahead of the server's"),
        ({"roles": ["Call list manager"]}, "roles", "warning", "GetSipRegistrations is refused"),
        ({"users": 990}, "users", "warning", "990 users"),
    ],
)
def test_what_is_not_well(serve, options, name, state, words):
    _, command = serve(**options)
    _, found = look(command)
    assert found[name]["state"] == state
    assert words in found[name]["text"]


def test_what_keeps_the_rest_from_being_looked_at(serve, tmp_path):
    emulator, command = serve(tls=True)
    ended, found = look(command)  # does not trust the authority
    assert ended.code == 1
    assert found["reachable"]["state"] == "problem"
    assert "--ca-file" in found["reachable"]["remedy"]
    assert found["token"]["state"] == "skipped"

    other, _ = serve()
    ended, found = look(
        command, "--ca-file", emulator.ca, VOXIMPLANT_CREDENTIALS=str(other.credentials)
    )
    assert (ended.code, found["token"]["state"]) == (0, "ok")  # one key pair in one process
    ended, found = look(command, VOXIMPLANT_CREDENTIALS=str(tmp_path / "none.json"))
    assert (ended.code, found["credentials"]["state"]) == (3, "problem")
    ended, found = look(command, VOXIMPLANT_CREDENTIALS="", VOXIMPLANT_TOKEN="a.b.c")
    assert found["credentials"]["state"] == "ok"
    ended, found = look(
        command, "--ca-file", emulator.ca, VOXIMPLANT_CREDENTIALS="", VOXIMPLANT_TOKEN="a.b.c"
    )
    assert (ended.code, found["token"]["state"]) == (3, "problem")


async def test_something_else_answers(serve):
    busy = Answer(b"<html>busy</html>", 503, {"Content-Type": "text/html"})
    async with answering(busy) as server:
        _, command = serve()
        ended, found = await asyncio.to_thread(look, command, "--base-url", server.base_url)
    assert ended.code == 1
    assert found["service"]["state"] == "problem"
    assert found["service"]["http_status"] == 503


def test_assumptions_hold_for_the_emulator_and_the_sandbox_is_left_as_it_was(serve):
    emulator, command = serve(registrations=4)
    with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
        for number in (1, 2):
            client.sip_registrations.bind(
                sip_registration_id=number, application_id=number, user_id=number
            )
    ended, found = look(command, "--assumptions", "--sandbox-application", "1")
    assert ended.code == 0
    states = {one.name: found[one.name]["state"] for one in ASSUMPTIONS}
    expected = dict.fromkeys(states, "confirmed") | {
        "names-kept": "undecided",
        "page-cap": "undecided",
        "throttled-not-executed": "unchecked",
        "token-refused-not-executed": "unchecked",
        "user-moves": "unchecked",
    }
    assert states == expected
    with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
        assert len(client.rules.list(application_id=1).first_page()) == 1
    assert {name for name in commands_received(emulator) if not name.startswith("Get")} == {
        "BindSipRegistration",
        "AddRule",
        "DelRule",
    }


def test_a_sandbox_without_assumptions_is_a_mistake(serve):
    _, command = serve()
    ended = command("doctor", "--sandbox-application", "1")
    assert ended.code == 2
    assert "give both" in ended.err


class Odd:
    """A service that behaves otherwise than assumed, in every way that reading can tell."""

    def __init__(self):
        bound = {"user_id": 7, "successful": True, "status_code": 202}
        self.rows = [
            {"sip_registration_id": 5, "application_id": 1, "proxy": "a", **bound},
            {"sip_registration_id": 4, "application_id": 2, "proxy": "b", **bound},
        ]
        self.ended = False

    async def call(self, command, arguments, *, unlisted=False):
        if "voxsip_doctor" in arguments:
            raise voxsip.InvalidRequestError("no such parameter", code=101, command=command)
        if command == "GetSipRegistrations":
            if "application_id" in arguments:
                return {"result": self.rows[:1]}
            if arguments["offset"] and not self.ended:
                self.ended = True
                return {"result": []}
            return {"result": self.rows}
        if command == "GetApplications":
            if "application_name" in arguments:
                return {"result": []}
            return {"result": [{"application_id": 1, "application_name": "abc"}] * 2}
        if command == "GetSubscriptionPrice":
            return {"result": []}
        return {"result": {}}

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


async def test_what_contradicts_an_assumption_is_told():
    reached = Reached(addresses=[], body={"error": {"code": "100"}})
    scene = Scene(Odd(), reached, lambda encoding: Odd())
    found = {one.name: one.state for one in await check_assumptions(scene, {})}
    probed = {one.name for one in ASSUMPTIONS if one.probe} - {"names-kept", "page-cap"}
    assert {name: found[name] for name in probed} == dict.fromkeys(probed, State.CONTRADICTED)


def test_the_docs_list_every_assumption():
    page = (ROOT / "docs" / "assumptions.md").read_text()
    assert [one.name for one in ASSUMPTIONS if f"| `{one.name}` | {one.text} |" not in page] == []
