"""What a lost or broken reply means for each of the 184 commands: the table's word, counted by the server.

The table is `retry_classes.json` where lists of facts are at hand, else what the spec copied from it.
"""

import asyncio
import json
import os
from pathlib import Path

import pytest

import voxsip
from tests.support.emulator_wire import until
from tests.support.emulators import received
from tests.support.every_command import PHONE, before, example
from voxsip._config import RetryPolicy
from voxsip.emulator import Fault, Faults
from voxsip.spec.document import operations

FOLDER = Path(os.environ.get("VOXSIP_FACTS", ""), "retry_classes.json")
FILES = {name for name, operation in operations().items() if "x-file" in operation}
OF_A_PARENT = {"SetChildAccountInfo": {"child_account_id": [2], "active": False}}
SHARE = 4
"""Tests into which the commands are divided: one for each worker that may run them."""
UNKNOWN_CODES = (1, 2, 4, 5, 13)


def table():
    """Return the retry class of every command, with `done`, `unique`, and whether there is a lookup."""
    if FOLDER.is_file():
        found = json.loads(FOLDER.read_bytes())["commands"]
    else:
        names = {"class": "x-retry", "done": "x-done", "unique": "x-unique", "buys": "x-buys"}
        found = {
            name: {key: operation[member] for key, member in names.items() if member in operation}
            for name, operation in operations().items()
        }
    return {
        name: {**row, "class": "create" if row["class"] == "unknown" else row["class"]}
        for name, row in found.items()
    }


TABLE = table()
pytestmark = pytest.mark.once
BUYS = sorted(name for name, row in TABLE.items() if row.get("buys"))
PURCHASES = [
    *((name, None) for name in BUYS if name != "AttachPhoneNumber"),
    ("AttachPhoneNumber", None),
    ("AttachPhoneNumber", {**PHONE, "phone_count": 1}),
]
LOOKED_UP = {"AttachPhoneNumber", "CreateCallList", "CreateSipRegistration"}


class Accounts:
    """Gives each command an account of its own, in which what it needs is there."""

    def __init__(self, emulator, connect):
        self.emulator = emulator
        self._connect = connect

    async def ready(self, command, arguments=None):
        """Return what sends the command, and what counts how often it was executed."""
        emulator = self.emulator
        account = 1
        if command not in OF_A_PARENT:
            account = emulator.add_child(applications=1, users=1, registrations=1, own_ids=True)
        side = self._connect(emulator, account_id=account, policy=RetryPolicy(attempts=4))
        emulator.faults = None
        if (first := before(command)) is not None:
            await side.client.call(first, example(first, account))
            emulator.clock_offset += 2  # reports are complete
            side.clock.seconds += 2
        values = arguments or OF_A_PARENT.get(command) or example(command, account)

        async def send():
            if command in FILES:
                return await FILE_METHODS[command](side.client)
            return await side.client.call(command, values)

        def counted():
            state = emulator.state if account == 1 else emulator.state_of(account)
            return state.counters[command]["executed"]

        return send, counted, side


FILE_METHODS = {
    "DownloadHistoryReport": lambda client: client.history.download_report(history_report_id=1),
    "DownloadInvoice": lambda client: client.invoices.download(invoice_id=1),
}


@pytest.fixture
async def accounts(serve, connect):
    emulator = await serve(children=1)
    return Accounts(emulator, connect)


async def outcome(send):
    """Send, and return "done", "unknown" or the error that it ended with."""
    try:
        await send()
    except voxsip.VoxsipError as error:
        return "unknown" if error.outcome_unknown else error
    return "done"


def test_the_table_is_whole():
    assert TABLE.keys() == operations().keys()
    assert len(BUYS) == 10


@pytest.mark.parametrize("part", range(SHARE))
async def test_a_reply_that_was_lost(accounts, part):
    wrong = []
    for command in sorted(TABLE)[part::SHARE]:
        row, operation = TABLE[command], operations()[command]
        send, counted, _ = await accounts.ready(command)
        emulator = accounts.emulator
        so_far = received(emulator, command), counted()
        emulator.faults = Faults([Fault(kind="lose_reply", command=command, first=1)])
        ended = await outcome(send)
        sent, executed = received(emulator, command) - so_far[0], counted() - so_far[1]
        sampled = command in emulator.state.sampled
        if row["class"] == "idempotent":
            expected = [("done", 2, 2)]
            if any(name.startswith("new_") for name in example(command)):
                expected.append(("unknown", 2, 1))  # the old name is gone
        elif row["class"] == "delete":
            # a second one does nothing, or is refused: known to mean done, or not
            refused = ("done", 2, 1) if row.get("done") else ("unknown", 2, 1)
            expected = [("done", 2, 2)] if sampled else [("done", 2, 2), refused]
        elif "x-lookup" in operation:
            expected = [("done", 1, 1)]
        elif "unique" in row:
            expected = [("unknown", 2, 1)]
        else:
            expected = [("unknown", 1, 1)]
        if (ended, sent, executed) not in expected:
            wrong.append((command, row["class"], (ended, sent, executed), expected))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("part", range(SHARE))
async def test_a_number_that_means_done(accounts, part):
    """After a lost reply, about one thing; alone, it is an error."""
    wrong = []
    for command in [name for name in sorted(TABLE) if TABLE[name].get("done")][part::SHARE]:
        for code in TABLE[command]["done"]:
            lost = Fault(kind="lose_reply", command=command, first=1)
            for faults, expected in (
                ([lost, Fault(kind="error", command=command, times=[2], code=code)], "done"),
                ([Fault(kind="error", command=command, first=1, code=code)], code),
            ):
                send, _, _ = await accounts.ready(command)
                accounts.emulator.faults = Faults(faults)
                ended = await outcome(send)
                found = getattr(ended, "code", ended)
                if found != expected:
                    wrong.append((command, code, found, expected))
    assert wrong == []


WEATHER = {
    "lost": {"kind": "lose_reply"},
    "refused before": {"kind": "http", "status": 503},
    **{
        f"HTTP {status}": {"kind": "http", "status": status, "when": "after"}
        for status in (500, 502, 503, 504)
    },
    **{f"error {code}": {"kind": "error", "code": code, "when": "after"} for code in UNKNOWN_CODES},
    "half a body": {"kind": "truncated", "how": "json"},
    "broken off": {"kind": "truncated", "how": "connection"},
    "no JSON": {"kind": "not_json"},
    "empty": {"kind": "empty"},
    "a list": {"kind": "wrong_shape", "shape": "list"},
    "no result": {"kind": "wrong_shape", "shape": "no_result"},
}


@pytest.mark.parametrize("weather", WEATHER)
async def test_nothing_is_bought_twice_in_any_weather(accounts, weather):
    fault = WEATHER[weather]
    wrong = []
    for first in (1, 4):
        for command, arguments in PURCHASES:
            send, counted, _ = await accounts.ready(command, arguments)
            so_far = counted()
            accounts.emulator.faults = Faults([Fault(**fault, command=command, first=first)])
            ended, executed = await outcome(send), counted() - so_far
            told = command in LOOKED_UP and arguments is None
            if ended == "done":
                right = executed == 1 and told
            elif fault.get("when") == "after" or fault["kind"] != "http":
                right = ended == "unknown" and executed == 1 and not told
            else:
                right = ended == "unknown" and executed == 0
            if not right:
                wrong.append((command, first, ended, executed))
    assert wrong == []


async def test_what_was_throttled_is_sent_again_and_bought_once(accounts):
    for command, arguments in PURCHASES:
        send, counted, _ = await accounts.ready(command, arguments)
        so_far = counted()
        throttled = [
            Fault(kind="error", command=command, times=[1], code=340),
            Fault(kind="refuse", command=command, times=[]),
            Fault(kind="http", command=command, times=[2], status=429),
        ]
        accounts.emulator.faults = Faults(throttled)
        assert (await outcome(send), counted() - so_far) == ("done", 1), command


@pytest.mark.slow
async def test_what_is_executed_late_is_not_sent_again(serve, connect):
    """The client gives up first: the purchase goes through when it has looked, and said that it cannot know."""
    emulator = await serve(applications=1, users=1, registrations=1)
    commands = ["CreateCallList", "StartScenarios", "SendSmsMessage", "A2PSendSms"]
    emulator.faults = Faults([Fault(kind="delay", command=commands, seconds=2.5)])
    side = connect(emulator, policy=RetryPolicy(attempts=4), timeout=1)

    def executed():
        return [emulator.state.counters[command]["executed"] for command in commands]

    async def send(command):
        error = await side.fails(
            voxsip.OutcomeUnknownError, lambda client: client.call(command, example(command))
        )
        assert error.outcome_unknown

    await asyncio.gather(*map(send, commands))
    await until(lambda: executed() == [1, 1, 1, 1])


async def test_a_number_that_is_there_already_is_not_taken_for_ones_own(serve, connect, clock):
    emulator = await serve()
    side = connect(emulator)
    number = {**PHONE, "phone_number": ["15550123"]}
    await connect(emulator).client.phone_numbers.attach(**number)
    clock.seconds += 60
    emulator.faults = Faults([Fault(kind="http", command="AttachPhoneNumber", status=502)])
    error = await side.fails(
        voxsip.UnexpectedReplyError, lambda client: client.phone_numbers.attach(**number)
    )
    assert error.outcome_unknown
    assert error.__notes__
    assert emulator.state.account == {"balance": 999}


async def test_what_is_found_is_told_as_the_reply_would_have(serve, connect):
    emulator = await serve()
    side = connect(emulator)
    emulator.faults = Faults(
        [Fault(kind="lose_reply", command=["AttachPhoneNumber", "CreateCallList", "AddSecret"])]
    )
    bought = await side.client.phone_numbers.attach(**PHONE, phone_number=["15550123"])
    assert [(phone.phone_id, phone.phone_number) for phone in bought.phone_numbers] == [
        (1, "15550123")
    ]
    made = await side.client.call_lists.create(**example("CreateCallList"))
    assert (made.list_id, made.batch_id) == (1, None)
    secret = await side.client.secrets.add(**example("AddSecret"))
    assert secret.result.secret_id == 1


async def test_two_lists_of_one_name_cannot_be_told_apart(serve, connect):
    emulator = await serve()
    side = connect(emulator)
    values = example("CreateCallList")
    await connect(emulator).client.call_lists.create(**values)
    emulator.faults = Faults([Fault(kind="lose_reply", command="CreateCallList")])
    error = await side.fails(
        voxsip.OutcomeUnknownError, lambda client: client.call_lists.create(**values)
    )
    assert error.attempts == 1
    assert emulator.state.counters["CreateCallList"]["executed"] == 2


async def test_what_was_renamed_is_not_found_by_its_old_name(serve, connect):
    emulator = await serve()
    emulator.faults = Faults([Fault(kind="lose_reply", command="SetApplicationInfo", first=1)])
    error = await connect(emulator).fails(
        voxsip.NotFoundError,
        lambda client: client.applications.set(
            required_application_name="app-1", application_name="sales"
        ),
    )
    assert error.outcome_unknown
    assert emulator.state.counters["SetApplicationInfo"]["executed"] == 1


async def test_one_of_several_may_be_gone_because_of_an_earlier_attempt(accounts):
    """A number that means "done" of one thing says nothing of the others."""
    wrong = []
    for command, row in sorted(TABLE.items()):
        lists = [name for name, value in example(command).items() if isinstance(value, list)]
        if not row.get("done") or not lists:
            continue
        for code in row["done"]:
            send, _, _ = await accounts.ready(command, example(command) | {lists[0]: [1, 2]})
            lost = Fault(kind="lose_reply", command=command, first=1)
            refused = Fault(kind="error", command=command, times=[2], code=code)
            accounts.emulator.faults = Faults([lost, refused])
            if (ended := await outcome(send)) != "unknown":
                wrong.append((command, code, ended))
    assert wrong == []
