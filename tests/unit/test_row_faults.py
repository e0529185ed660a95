"""A fault nobody expects is the outcome of its row, and the job continues."""

import json
import logging

import pytest

import voxsip
from tests.support.answers import Answer
from voxsip._calls.call import CallExecutor
from voxsip.bulk._engine.bugs import KEPT

ONE = voxsip.RetryPolicy(attempts=1)
PASSWORD = "pa55word-of-ann"


class Broken(dict):
    """A row that cannot even be looked at."""

    def keys(self):
        raise ZeroDivisionError("a row's bug")

    __iter__ = items = keys


def bind(number):
    return {"sip_registration_id": number, "application_id": 1}


def deep(depth=600):
    return b'{"error": {"code": 101, "details": {"x": ' + b"[" * depth + b"]" * depth + b"}}}"


async def test_details_nested_deep_are_an_error_of_the_row(answer, connect, tmp_path):
    server = await answer(Answer(deep()))
    client = connect(base_url=server.base_url, policy=ONE).client
    report = await client.bulk.bind([bind(1), bind(2)], journal=str(tmp_path / "j"))
    assert (report.failed, report.stopped) == (2, None)
    with pytest.raises(voxsip.InvalidRequestError) as caught:
        await client.call("BindSipRegistration", {"sip_registration_id": 1, "application_id": 1})
    json.dumps(caught.value.details)


@pytest.mark.parametrize("kind", [ZeroDivisionError, RecursionError, MemoryError, KeyError])
async def test_a_fault_while_sending_is_an_unknown_outcome(
    emulator, connect, caplog, kind, monkeypatch
):
    client = connect(emulator).client
    execute = CallExecutor.execute

    async def call(self, command, values, *options, **more):
        if values.get("sip_registration_id") == 2:
            raise kind(f"password {PASSWORD}")
        return await execute(self, command, values, *options, **more)

    monkeypatch.setattr(CallExecutor, "execute", call)
    outcomes = [outcome async for outcome in client.bulk.bind(map(bind, (1, 2, 3)))]
    by_index = {outcome.index: outcome for outcome in outcomes}
    assert [by_index[number].status for number in range(3)] == ["done", "unknown", "done"]
    error = by_index[1].error
    assert isinstance(error, voxsip.OutcomeUnknownError)
    assert error.outcome_unknown
    [note] = error.__notes__
    assert "in call" in note
    assert kind.__name__ in note
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "in call" in record.getMessage()


async def test_the_traceback_shows_no_password_of_the_row(emulator, connect, caplog, monkeypatch):
    client = connect(emulator).client

    execute = CallExecutor.execute

    async def call(self, command, values, *options, **more):
        if "password" in values:
            raise ZeroDivisionError(f"of {PASSWORD}")
        return await execute(self, command, values, *options, **more)

    monkeypatch.setattr(CallExecutor, "execute", call)
    row = {"sip_username": "ann", "proxy": "p.example", "password": PASSWORD}
    [outcome] = [one async for one in client.bulk.create([row], check_funds=False)]
    assert outcome.status == "unknown"
    assert PASSWORD not in caplog.text + "".join(outcome.error.__notes__)


@pytest.mark.parametrize("options", [{}, {"skip_unchanged": True}], ids=str)
async def test_a_fault_while_reading_a_row_is_a_failure_of_that_row(emulator, connect, options):
    client = connect(emulator).client
    rows = [bind(1), Broken(bind(2)), bind(3)]
    by_index = {one.index: one async for one in client.bulk.bind(rows, **options)}
    assert [by_index[number].status for number in range(3)] == ["done", "failed", "done"]
    assert isinstance(by_index[1].error, voxsip.NotSentError)


async def test_a_fault_of_the_input_still_ends_the_job(emulator, connect):
    client = connect(emulator).client

    def rows():
        yield bind(1)
        raise ZeroDivisionError("the input's")

    with pytest.raises(ZeroDivisionError, match="the input's"):
        await client.bulk.bind(rows())


async def test_a_fault_of_every_row_fills_no_log(emulator, connect, caplog, monkeypatch):
    client = connect(emulator).client

    async def call(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(CallExecutor, "execute", call)
    report = await client.bulk.bind(map(bind, range(1, 201)))
    assert report.unknown == 200
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == KEPT


async def test_what_cannot_be_recorded_ends_nothing(emulator, connect, tmp_path, monkeypatch):
    from voxsip.bulk._journal.previous_runs import PreviousRuns

    client = connect(emulator).client
    observe = PreviousRuns.observe

    def failing(self, outcome):
        if outcome.index == 1:
            raise TypeError("cannot be encoded")
        observe(self, outcome)

    monkeypatch.setattr(PreviousRuns, "observe", failing)
    report = await client.bulk.bind(map(bind, (1, 2, 3)), journal=str(tmp_path / "j"))
    assert report.done == 3
