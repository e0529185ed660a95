"""`voxsip registrations`: one call each."""

from __future__ import annotations

import pytest

from tests.support.emulators import received

pytestmark = pytest.mark.slow


@pytest.fixture
def emulator_and_voxsip(serve):
    return serve(registrations=3)


@pytest.fixture
def emulator(emulator_and_voxsip):
    return emulator_and_voxsip[0]


@pytest.fixture
def voxsip(emulator_and_voxsip):
    return emulator_and_voxsip[1]


def one(emulator, number):
    [found] = [
        item for item in emulator.state["registrations"] if item["sip_registration_id"] == number
    ]
    return found


def test_list_for_people(voxsip):
    ended = voxsip("registrations", "list")
    assert ended.code == 0
    header, *rows = ended.out.splitlines()
    assert header.split() == ["id", "user", "name", "proxy", "state"]
    assert [row.split()[:3] for row in rows] == [
        [str(number), f"sip-{number}", "sip.example.com"] for number in (1, 2, 3)
    ]
    assert ended.err == "3 registrations\n"


def test_list_for_machines(voxsip):
    ended = voxsip("registrations", "list", "--json", "--proxy", "sip.example.com", "--no-bound")
    assert [event["sip_registration_id"] for event in ended.events] == [1, 2, 3]
    assert ended.err == ""


def test_list_filters_and_limits(voxsip):
    assert len(voxsip("registrations", "list", "--json", "--limit", "2").events) == 2
    assert voxsip("registrations", "list", "--json", "--bound").out == ""
    options = ("--sip-username", "sip-2", "--application-id", "1", "--application-id", "2")
    assert voxsip("registrations", "list", "--json", *options).out == ""
    [found] = voxsip("registrations", "list", "--json", "--sip-username", "sip-2").events
    assert found["sip_registration_id"] == 2


def test_bind_and_unbind(voxsip, emulator):
    options = ("--application-name", "app-1", "--user-name", "user-1", "--rule-id", "1")
    assert voxsip("registrations", "bind", "1", *options).code == 0
    bound = one(emulator, 1)
    assert (bound["application_id"], bound["rule_id"], bound["user_id"]) == (1, 1, 1)
    ended = voxsip("registrations", "unbind", "--user-id", "1", "--json")
    assert ended.events == [{"result": 1, "sip_registration_id": None}]
    assert one(emulator, 1)["user_id"] is None
    assert voxsip("registrations", "unbind", "1", "--application-id", "1").code == 0
    assert one(emulator, 1)["application_id"] is None


def test_create_prints_the_id(voxsip, emulator):
    options = ("--sip-username", "ann", "--proxy", "p", "--no-persistent")
    ended = voxsip("registrations", "create", *options, "--password-file", "-", stdin="HUNTER2\n")
    assert (ended.code, ended.out) == (0, "4\n")
    assert "balance left: 999" in ended.err
    assert "HUNTER2" not in ended.err
    assert one(emulator, 4)["is_persistent"] is False
    [reply] = voxsip("registrations", "create", *options, "--json").events
    assert reply["sip_registration_id"] == 5
    assert reply["account_info"]["balance"] == "998"


def test_update(voxsip, emulator, write):
    path = write("HUNTER2", "secret")
    ended = voxsip("registrations", "update", "2", "--proxy", "q", "--password-file", path)
    assert ended.code == 0
    assert one(emulator, 2)["proxy"] == "q"


def test_delete_many(voxsip, emulator):
    ended = voxsip("registrations", "delete", "1", "3", "--yes")
    assert ended.code == 0
    assert [item["sip_registration_id"] for item in emulator.state["registrations"]] == [2]


def test_delete_many_names_the_one_that_fails_and_those_that_were_not_tried(voxsip, emulator):
    ended = voxsip("registrations", "delete", "1", "98", "3", "--yes")
    assert ended.code == 1
    assert "registration 98 met an error; not tried: 3" in ended.err
    assert [item["sip_registration_id"] for item in emulator.state["registrations"]] == [2, 3]


@pytest.mark.parametrize("content", ["", "\n", None])
def test_a_password_that_cannot_be_read(voxsip, emulator, write, content):
    path = "none" if content is None else write(content, "secret")
    ended = voxsip("registrations", "update", "1", "--password-file", path)
    assert ended.code == 2
    assert "SIP password" in ended.err
    assert not received(emulator, "UpdateSipRegistration")


def test_a_reader_that_has_seen_enough(voxsip):
    running = voxsip.start("registrations", "list", "--json")
    running.process.stdout.close()
    running.process.wait(60)
    assert "Traceback" not in running.process.stderr.read()
    running.process.stderr.close()
