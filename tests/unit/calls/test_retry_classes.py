"""What a lost reply means for commands other than those of registrations: the table's word, counted by the server."""

from datetime import UTC, datetime

import pytest

import voxsip
from tests.support.harness import counts
from voxsip.emulator import Fault, Faults

CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def lost(command):
    return Faults([Fault(kind="lose_reply", command=command, first=1)])


@CLIENTS
@pytest.mark.parametrize(
    ("command", "act"),
    [
        ("DelUser", lambda client: client.users.delete(user_id=[1])),
        ("DelApplication", lambda client: client.applications.delete(application_id=[1])),
        (
            "DelRule",
            lambda client: client.rules.delete(rule_id=[1], application_id=[1]),
        ),
        (
            "DeleteSipRegistration",
            lambda client: client.sip_registrations.delete(sip_registration_id=1),
        ),
    ],
)
async def test_a_delete_whose_reply_was_lost_is_done(serve, connect, cls, command, act):
    emulator = await serve(applications=1, users=1, registrations=1, faults=lost(command))
    assert (await connect(emulator, cls=cls)(act)).result == 1
    assert counts(emulator, command)[0] == 2


async def test_a_delete_of_several_stays_unknown(serve, connect):
    emulator = await serve(applications=1, users=2, faults=lost("DelUser"))
    error = await connect(emulator).fails(
        voxsip.NotFoundError, lambda client: client.users.delete(user_id=[1, 2])
    )
    assert error.may_have_executed


@CLIENTS
@pytest.mark.parametrize(
    ("command", "act", "made"),
    [
        (
            "AddUser",
            lambda client: client.users.add(
                user_name="eve",
                user_display_name="Eve",
                user_password="secret-1",
                application_id=1,
            ),
            "user_id",
        ),
        (
            "AddApplication",
            lambda client: client.applications.add(application_name="new-app"),
            "application_id",
        ),
        (
            "AddRule",
            lambda client: client.rules.add(
                rule_name="new-rule", rule_pattern=".*", application_id=1
            ),
            "rule_id",
        ),
    ],
)
async def test_what_has_a_name_of_its_own_is_found_and_not_made_twice(
    serve, connect, cls, command, act, made
):
    emulator = await serve(applications=1, users=1, faults=lost(command))
    reply = await connect(emulator, cls=cls)(act)
    assert getattr(reply, made) == 2
    assert counts(emulator, command) == (1, 1)


async def test_what_was_there_before_is_not_taken_for_ones_own(serve, connect, clock):
    before = Fault(kind="lose_reply", command="AddApplication", times=[2])
    emulator = await serve(applications=1, faults=Faults([before]))
    side = connect(emulator)
    await side(lambda client: client.applications.add(application_name="old-app"))
    await clock.sleep(60)
    error = await side.fails(
        voxsip.OutcomeUnknownError,
        lambda client: client.applications.add(application_name="old-app"),
    )
    assert error.outcome_unknown
    assert counts(emulator, "AddApplication")[1] == 1


def test_history_times_are_utc_without_a_timezone():
    from voxsip._generated.history.commands import GET_CALL_HISTORY
    from voxsip._generated.history.models import CallSession
    from voxsip._protocol.structuring import structurer

    assert "timezone" not in GET_CALL_HISTORY.params
    session = structurer(CallSession)(
        {"call_session_history_id": 1, "start_date": "2026-01-02 03:04:05"}
    )
    assert session.start_date == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
