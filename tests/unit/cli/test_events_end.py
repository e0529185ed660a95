"""A stream of events that has begun ends with `finished`, whatever ends the job; its exit code is that of the process."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.unit.cli.test_exit_codes import CREATE_TWO, wait_for
from voxsip.emulator import Fault, Faults

pytestmark = pytest.mark.slow
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "events.schema.json").read_text())
BIND = "id,app_id\n1,1\n2,1\n"


def finished(ended):
    """Return the last event, once it is known to be the only one of its kind."""
    for event in ended.events:
        jsonschema.validate(event, SCHEMA, jsonschema.Draft202012Validator)
    [last] = ended.named("finished")
    assert last == ended.events[-1]
    assert last["exit_code"] == ended.code
    return last


def begun(ended):
    return [event["event"] for event in ended.events][:-1]


def test_a_stale_plan(serve, write):
    _, voxsip = serve(registrations=3)
    voxsip("plan", write(BIND), "--out", "tonight.plan")
    voxsip("registrations", "bind", 1, "--application-id", 2)
    ended = voxsip("apply", "tonight.plan", "--json")
    last = finished(ended)
    assert (ended.code, begun(ended)) == (4, ["started"])
    assert (last["kind"], last["done"]) == ("apply", 0)
    assert "registration 1" in last["error"]


@pytest.mark.parametrize(
    ("content", "words", "code"),
    [
        (BIND, (), 2),
        ("id,app_id\n1,9\n", ("--yes",), 2),
        ("id\n1\n", ("--yes",), 0),
        (BIND, ("--yes",), 0),
    ],
    ids=["nobody agrees", "it cannot be planned", "nothing to do", "applied"],
)
def test_a_file_of_desired_state(serve, write, content, words, code):
    _, voxsip = serve(registrations=3)
    ended = voxsip("apply", write(content), "--json", *words)
    assert ended.code == code
    assert begun(ended)[0] == "plan"
    assert finished(ended)["kind"] == "apply"


def test_an_empty_plan(serve, write):
    _, voxsip = serve(registrations=3)
    voxsip("plan", write("id\n1\n"), "--out", "tonight.plan")
    assert finished(voxsip("apply", "tonight.plan", "--json"))["exit_code"] == 0


def test_a_purchase_without_the_money(serve, write):
    _, voxsip = serve(balance=1)
    ended = voxsip("bulk", "create", write(CREATE_TWO), "--yes", "--json")
    assert (ended.code, begun(ended)) == (4, ["quote"])
    assert finished(ended)["error"] == "the money does not suffice; nothing was bought"


def test_a_live_state_that_cannot_be_read(serve, write):
    emulator, voxsip = serve(registrations=3)
    emulator.faults = Faults([Fault(kind="http", status=403, command="GetSipRegistrations")])
    ended = voxsip("bulk", "bind", write(BIND), "--skip-unchanged", "--json")
    assert ended.code != 0
    finished(ended)


def test_a_job_that_is_cut_off(serve, write):
    emulator, voxsip = serve(registrations=2, latency=60)
    running = voxsip.start("bulk", "bind", write(BIND), "--journal", "j", "--json")
    wait_for(emulator, "BindSipRegistration")
    ended = running.cut_off()
    assert finished(ended)["error"] == "cut off; resume with: voxsip bulk resume j"
    emulator.latency = 0
    ended = voxsip("bulk", "resume", "j", "--json")
    assert finished(ended)["done"] == 2


def test_a_report_that_cannot_be_written(serve, write):
    _, voxsip = serve(registrations=2)
    ended = voxsip("bulk", "bind", write(BIND), "--report", write("", "taken"), "--json")
    assert ended.code != 0
    if ended.events:
        finished(ended)


@pytest.mark.dask
def test_a_cluster_that_is_not_there(serve, write, postgres):
    _, voxsip = serve(balance=10)
    ended = voxsip(
        "cluster", "create", write(CREATE_TWO), "--yes", "--json",
        "--store", postgres.dsn(), "--scheduler", "tcp://127.0.0.1:1",
    )  # fmt: skip
    assert (ended.code, begun(ended)) == (3, ["quote"])
    assert finished(ended)["kind"] == "create"
