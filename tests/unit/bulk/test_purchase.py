from decimal import Decimal

import attrs
import pytest

from tests.support.answers import Answer, answering
from tests.support.emulators import received
from voxsip import (
    AsyncClient,
    InsufficientFundsError,
    InvalidArgumentError,
    RetryPolicy,
    UnexpectedReplyError,
)
from voxsip.bulk import CreateRequest, DeleteRequest, Outcome, Quote, Stop
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.journal import create_journal, open_journal
from voxsip.bulk._journal.previous_runs import PreviousRuns
from voxsip.bulk._live.purchases import survey_again
from voxsip.bulk._replies import reply_of
from voxsip.emulator import Fault, Faults


def wanted(count, start=1):
    return [
        CreateRequest(sip_username=f"phone-{number}", proxy="sip.example.com", password="hunter2")
        for number in range(start, start + count)
    ]


def names(emulator):
    return [row["sip_username"] for row in emulator.state.registrations]


async def test_every_row_is_bought_once(start):
    emulator, client = await start(balance=100, price=2)
    outcomes = {o.index: o async for o in client.bulk.create(wanted(20))}
    made = {row["sip_registration_id"]: row["sip_username"] for row in emulator.state.registrations}
    assert {o.result.sip_registration_id: o.row.sip_username for o in outcomes.values()} == made
    assert len(made) == 20
    assert emulator.state.account["balance"] == 60


@pytest.mark.parametrize("rows", [-1, 1.5, True, "5"])
async def test_a_quote_of_no_number_of_rows_is_refused(start, rows):
    emulator, client = await start()
    with pytest.raises(InvalidArgumentError, match="rows: expected a whole number from 0"):
        await client.bulk.quote(rows)
    assert received(emulator, "GetSubscriptionPrice") == 0


async def test_a_quote_tells_price_and_balance(start):
    _, client = await start(balance=10, price="1.5")
    quote = await client.bulk.quote(6)
    assert (quote.price, quote.total, quote.balance, quote.currency) == (
        Decimal("1.5"),
        Decimal(9),
        Decimal(10),
        "USD",
    )
    assert quote.enough
    assert not (await client.bulk.quote(7)).enough
    assert (await client.bulk.quote()).total is None


@pytest.mark.parametrize(
    ("rows", "balance", "enough"), [(None, 2, True), (None, 1, False), (0, 0, True)]
)
def test_of_an_unknown_number_the_first_must_be_covered(rows, balance, enough):
    assert Quote(price=Decimal(2), rows=rows, balance=Decimal(balance)).enough is enough


async def test_too_little_money_for_all_buys_nothing(start):
    emulator, client = await start(balance=19, price=2)
    report = await client.bulk.create(wanted(10))
    assert (report.skipped, report.stopped) == (10, Stop.FUNDS)
    assert received(emulator, "CreateSipRegistration") == 0


async def test_too_little_money_for_the_first_of_a_stream_buys_nothing(start):
    emulator, client = await start(balance=1, price=2)
    report = await client.bulk.create(iter(wanted(10)))
    assert (report.skipped, report.stopped) == (10, Stop.FUNDS)
    assert received(emulator, "CreateSipRegistration") == 0


async def test_the_check_can_be_left_out_and_127_stops_the_job(start):
    emulator, client = await start(balance=20, price=2)
    outcomes = [o async for o in client.bulk.create(wanted(100), check_funds=False, concurrency=4)]
    failed = [o for o in outcomes if o.status == "failed"]
    assert len(names(emulator)) == 10
    assert 1 <= len(failed) <= 4
    assert all(isinstance(o.error, InsufficientFundsError) for o in failed)
    assert sum(o.status == "skipped" for o in outcomes) == 90 - len(failed)
    assert received(emulator, "GetAccountInfo") == 0


@pytest.mark.parametrize("as_input", [list, iter])
async def test_what_may_be_bought_already_needs_no_money_again(start, tmp_path, as_input):
    emulator, client = await start(
        balance=20,
        price=2,
        retry=RetryPolicy(attempts=1),
        faults=Faults(
            [
                Fault(kind="lose_reply", command="CreateSipRegistration", times=(2, 5)),
                Fault(kind="http", status=500, command="GetSipRegistrations"),
            ]
        ),
    )
    first = await client.bulk.create(wanted(10), journal=tmp_path / "j")
    assert (first.done, first.unknown, emulator.state.account["balance"]) == (8, 2, 0)
    emulator.faults = None
    report = await client.bulk.resume(tmp_path / "j", as_input(wanted(10)))
    assert (report.done, report.stopped) == (10, None)
    assert len(names(emulator)) == 10


@pytest.mark.parametrize("names_user", [False, True])
async def test_a_resumed_job_that_is_stopped_forgets_nothing(start, tmp_path, names_user):
    """What a killed run may have bought is looked for by the run that gets to it, not bought again."""
    rows = wanted(10)
    if names_user:
        rows = [
            attrs.evolve(row, application_id=1, user_id=number)
            for number, row in enumerate(rows, 1)
        ]
    emulator, client = await start(applications=1, users=10)
    journal = await create_journal(tmp_path / "j", JobHeader(kind="create", options={}, rows=10))
    for index in (0, 3, 9):
        await PreviousRuns(journal).intend(index, rows[index])
        await client.call(rows[index].command, rows[index].params())
    await journal.close()
    job = client.bulk.resume(tmp_path / "j", rows, deadline=1e-9, recovery_delay=0)
    outcomes = {outcome.index: outcome.status async for outcome in job}
    assert (job.report.unknown, job.report.skipped) == (3, 7)
    assert [index for index, status in outcomes.items() if status == "unknown"] == [0, 3, 9]
    report = await client.bulk.resume(tmp_path / "j", rows, recovery_delay=0)
    assert (report.done, report.rows, report.stopped) == (10, 10, None)
    assert sorted(names(emulator)) == sorted(row.sip_username for row in rows)


async def test_what_a_later_row_was_told_is_claimed_before_an_earlier_one_is_looked_for(
    start, tmp_path
):
    """Of two equal rows the first was bought and its reply lost; the second has its registration."""
    rows = wanted(1) * 2
    emulator, client = await start(balance=10)
    journal = await create_journal(tmp_path / "j", JobHeader(kind="create", rows=2), known=[])
    runs = PreviousRuns(journal)
    for index, row in enumerate(rows):
        await runs.intend(index, row)
        await client.call(row.command, row.params())
    runs.observe(Outcome(index=1, row=rows[1], status="done", result=reply_of(row.command, 2)))
    await journal.close()
    journal = await open_journal(tmp_path / "j")
    purchases = await survey_again(client, journal, None)
    assert (1 in purchases.claimed, 2 in purchases.claimed) == (False, True)
    await journal.close()
    job = client.bulk.resume(tmp_path / "j", rows, recovery_delay=0)
    assert {o.index: o.result.sip_registration_id async for o in job} == {0: 1, 1: 2}
    assert received(emulator, "CreateSipRegistration") == 2


async def test_a_resumed_deletion_that_is_stopped_forgets_nothing(start, tmp_path):
    rows = [DeleteRequest(sip_registration_id=number) for number in range(1, 6)]
    emulator, client = await start(registrations=5)
    journal = await create_journal(tmp_path / "j", JobHeader(kind="delete", options={}, rows=5))
    await PreviousRuns(journal).intend(1, rows[1])
    await client.call(rows[1].command, rows[1].params())
    await journal.close()
    job = client.bulk.resume(tmp_path / "j", rows)
    job.stop("not now")
    await job
    report = await client.bulk.resume(tmp_path / "j", rows)
    assert (report.done, report.failed, emulator.state.registrations) == (5, 0, [])


@pytest.mark.parametrize(
    ("code", "command", "stop"),
    [
        (127, "CreateSipRegistration", Stop.FUNDS),
        (272, "CreateSipRegistration", Stop.QUOTA),
        (104, "CreateSipRegistration", Stop.AUTHORIZATION),
        (104, "BindSipRegistration", Stop.AUTHORIZATION),
    ],
)
async def test_rows_that_met_what_stopped_the_job_run_again_when_it_is_resumed(
    start, tmp_path, code, command, stop
):
    fault = Fault(kind="error", code=code, command=command, times=tuple(range(5, 30)))
    emulator, client = await start(registrations=20, faults=Faults([fault]))
    if command == "CreateSipRegistration":
        begin, rows = client.bulk.create, wanted(20)
    else:
        begin = client.bulk.bind
        rows = [{"sip_registration_id": number, "application_id": 1} for number in range(1, 21)]
    report = await begin(rows, journal=tmp_path / "j", concurrency=4)
    assert report.stopped == stop
    assert report.failed >= 1
    emulator.faults = None
    report = await client.bulk.resume(tmp_path / "j", rows)
    assert (report.done, report.failed, report.stopped) == (20, 0, None)
    assert emulator.state.counters[command]["executed"] == 20


async def test_want_of_places_stops_the_job(start):
    emulator, client = await start(max_registrations=5)
    report = await client.bulk.create(wanted(50), concurrency=2)
    assert (report.done, report.stopped) == (5, Stop.QUOTA)
    assert received(emulator, "CreateSipRegistration") <= 5 + 2


async def test_nothing_is_bought_twice_when_replies_are_lost(start):
    emulator, client = await start(
        retry=RetryPolicy(attempts=6, backoff=0.001),
        faults=Faults(
            [Fault(kind="lose_reply", command="CreateSipRegistration", share=0.4)], seed=5
        ),
    )
    rows = [*wanted(20), *wanted(20)]  # each user name and proxy twice: two purchases
    outcomes = [o async for o in client.bulk.create(rows, concurrency=16)]
    assert {o.status for o in outcomes} == {"done"}
    assert len({o.result.sip_registration_id for o in outcomes}) == 40
    assert sorted(names(emulator)) == sorted(row.sip_username for row in rows)


async def test_rows_that_share_user_name_and_proxy_keep_order(start):
    emulator, client = await start(users=6)
    rows = [
        {"sip_username": "a", "proxy": "p.example.com", "application_id": 1, "user_id": 1},
        {"sip_username": "a", "proxy": "p.example.com", "auth_user": "second"},
        {"sip_username": "b", "proxy": "p.example.com", "application_id": 1, "user_name": "user-1"},
    ]
    outcomes = {o.index: o async for o in client.bulk.create(rows)}
    by_id = {row["sip_registration_id"]: row for row in emulator.state.registrations}
    made = [by_id[outcomes[index].result.sip_registration_id] for index in range(3)]
    assert [row["user_id"] for row in made] == [None, None, 1]
    assert made[1]["auth_user"] == "second"
    assert made[0]["sip_registration_id"] < made[1]["sip_registration_id"]


async def test_what_is_there_already_is_not_bought_again(start):
    emulator, client = await start(balance=12)
    assert (await client.bulk.create(wanted(8))).done == 8
    outcomes = {o.index: o async for o in client.bulk.create(wanted(10), skip_unchanged=True)}
    assert [outcomes[index].status for index in range(10)] == ["unchanged"] * 8 + ["done"] * 2
    assert outcomes[0].result.sip_registration_id in range(1, 9)
    assert len(names(emulator)) == 10
    twice = await client.bulk.create([*wanted(1), *wanted(1)], skip_unchanged=True)
    assert (twice.unchanged, twice.done) == (1, 1), "two rows want two of them"
    too_many = await client.bulk.create(wanted(20), skip_unchanged=True)
    assert too_many.stopped == Stop.FUNDS


async def test_a_row_that_is_invalid_is_never_sent(start):
    emulator, client = await start()
    rows = [{"sip_username": "a", "proxy": "p", "user_id": 1}, {"sip_username": "a"}]
    report = await client.bulk.create(rows)
    assert (report.failed, report.calls) == (2, 0)
    assert received(emulator, "CreateSipRegistration") == 0


async def test_delete(start):
    emulator, client = await start(registrations=10)
    rows = [DeleteRequest(sip_registration_id=number) for number in (1, 2, 3, 3, 99)]
    outcomes = {o.index: o async for o in client.bulk.delete(rows)}
    assert [outcomes[index].status for index in range(5)] == ["done"] * 3 + ["failed"] * 2
    assert [row["sip_registration_id"] for row in emulator.state.registrations] == list(
        range(4, 11)
    )
    report = await client.bulk.delete(rows, skip_unchanged=True)
    assert (report.unchanged, report.calls) == (5, 0)


@pytest.mark.parametrize(
    ("sip_username", "proxy"),
    [
        ("Phone-1", "sip.example.com"),
        ("phone-1", "SIP.Example.com"),
        ("phone-1", "sip.example.com."),
    ],
)
async def test_what_is_nearly_there_already_is_not_bought(start, sip_username, proxy):
    emulator, client = await start()
    assert (await client.bulk.create(wanted(2))).done == 2
    near = CreateRequest(sip_username=sip_username, proxy=proxy)
    rows = [near, *wanted(1, start=2), *wanted(1)]
    outcomes = {o.index: o async for o in client.bulk.create(rows, skip_unchanged=True)}
    assert [outcomes[index].status for index in range(3)] == ["failed", "unchanged", "unchanged"]
    assert "registration 1 is nearly" in str(outcomes[0].error)
    assert received(emulator, "CreateSipRegistration") == 2
    rows = [
        *wanted(1),
        near,
    ]  # the one that is there stands for the first row, so the second is another one
    report = await client.bulk.create(rows, skip_unchanged=True)
    assert (report.unchanged, report.done) == (1, 1)


async def test_money_for_what_is_nearly_there_is_not_asked_for(start):
    _, client = await start(balance=2, price=2)
    assert (await client.bulk.create(wanted(1))).done == 1
    near = CreateRequest(sip_username="PHONE-1", proxy="sip.example.com")
    report = await client.bulk.create([near], skip_unchanged=True)
    assert (report.failed, report.stopped) == (1, None)


@pytest.mark.parametrize(
    "rows",
    [[], [{"subscription_template_id": 1, "subscription_template_type": "SIP_REGISTRATION"}]],
)
async def test_a_price_that_is_not_told_is_not_nothing(rows):
    def replies(request):
        listed = rows if request.query.get("offset", "0") == "0" else []
        return Answer({"result": listed, "total_count": len(rows), "count": len(listed)})

    async with (
        answering(replies) as server,
        AsyncClient(token="t", base_url=server.base_url) as client,
    ):
        with pytest.raises(UnexpectedReplyError, match="check_funds=False") as caught:
            await client.bulk.create(wanted(1))
    assert not caught.value.outcome_unknown
    assert not [request for request in server.requests if "Create" in request.path]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN", "1e999999", "one"])
async def test_money_that_is_no_amount_is_an_unexpected_reply(amount):
    reply = Answer({"result": {"account_id": 1, "balance": amount}})
    async with (
        answering(reply) as server,
        AsyncClient(token="t", base_url=server.base_url, retry=RetryPolicy(attempts=1)) as client,
    ):
        with pytest.raises(UnexpectedReplyError):
            await client.accounts.get_account_info()
