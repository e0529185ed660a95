"""The public API as users type it: never run, checked by mypy and pyright, both strict.

A wrong use carries an ignore; should the checkers stop refusing it, the ignore itself becomes an error.
"""

import csv
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

import uvicorn
from aiohttp import web

import voxsip
from voxsip import models
from voxsip.bulk import BulkJob, Quote
from voxsip.emulator import Emulator
from voxsip.plan import Change, Plan
from voxsip.webhooks import (
    ASGIApp,
    Callback,
    Claim,
    FailedRegistration,
    MemorySeenStore,
    Receiver,
    SipRegistrationFail,
    UnverifiedCallbackError,
    aiohttp_handler,
    parse,
)


def make() -> None:
    voxsip.AsyncClient()
    voxsip.AsyncClient("credentials.json", account_id=7, encoding="form", timeout=3.5)
    voxsip.AsyncClient(Path("credentials.json"), rate_limit=voxsip.RateLimit(100))
    voxsip.Client(token="ready", base_url="http://127.0.0.1:1/platform_api", ssl="ca.pem")
    voxsip.AsyncClient(encoding="multipart")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def awaited(client: voxsip.AsyncClient) -> None:
    registrations = client.sip_registrations
    made = await registrations.create(sip_username="alice", proxy="sip.example.com", password="x")
    assert_type(made, models.CreateSipRegistrationReply)
    assert_type(made.sip_registration_id, int)
    if made.account_info is not None:
        assert_type(made.account_info.balance, Decimal | None)
    bound = await registrations.bind(sip_registration_id=1, application_id=1, deadline=2.0)
    assert_type(bound, models.BindSipRegistrationReply)
    await registrations.unbind(user_id=1)

    pager = registrations.list(application_id=[1, 2])
    assert_type(pager, voxsip.AsyncPager[models.SipRegistration])
    page = await pager
    assert_type(page, voxsip.Page[models.SipRegistration])
    assert_type(page[0], models.SipRegistration)
    async for registration in pager:
        assert_type(registration.user_id, int | None)
        assert_type(registration.purchase_date, dt.datetime | None)
        assert_type(registration.next_subscription_renewal, dt.date | None)
        assert_type(registration.subscription_price, Decimal | None)

    assert_type(await client.call("GetCallHistory", {"count": 1}), dict[str, Any])
    assert_type(client.with_options(deadline=10), voxsip.AsyncClient)
    assert_type(await client.resolve.user("user-1", application="app-1"), int)
    assert_type(await client.resolve.rules(["rule-1"], application=1), dict[str, int])

    await registrations.create("alice", "sip.example.com")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    await registrations.create(sip_username="alice")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    await registrations.bind(sip_registration_id="1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    made.result = 2  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


def blocking(client: voxsip.Client) -> None:
    made = client.sip_registrations.create(sip_username="alice", proxy="sip.example.com")
    assert_type(made, models.CreateSipRegistrationReply)
    pager = client.sip_registrations.list()
    assert_type(pager, voxsip.Pager[models.SipRegistration])
    assert_type(iter(pager), Iterator[models.SipRegistration])
    for user in client.users.list(application_id=1):
        assert_type(user, models.User)
    assert_type(client.accounts.get_account_info().result, models.AccountInfo)
    assert_type(client.call("GetCallHistory"), dict[str, Any])
    assert_type(client.resolve.application("app-1"), int)
    assert_type(client.resolve.users(iter(["user-1"]), application=1), dict[str, int])
    with client as same:
        assert_type(same, voxsip.Client)


def errors(error: voxsip.VoxsipError) -> None:
    assert_type(error.outcome_unknown, bool)
    assert_type(error.attempts, int)
    if isinstance(error, voxsip.InsufficientFundsError):
        assert_type(error.required_money, Decimal | None)
    if isinstance(error, voxsip.RateLimitError):
        assert_type(error.retry_after, float | None)
    if isinstance(error, voxsip.APIError):
        assert_type(error.code, int | None)
        assert_type(error.name, str)
    refused: type[ValueError] = voxsip.InvalidArgumentError
    del refused


async def emulated() -> None:
    async with Emulator(tls=True, balance="12.50") as emulator:
        assert_type(emulator.base_url, str)
        assert_type(emulator.credentials, Path)
        assert_type(emulator.ca, Path | None)
    with Emulator() as emulator:
        assert_type(emulator, Emulator)


async def stream() -> AsyncIterator[voxsip.BindRequest]:
    yield voxsip.BindRequest(sip_registration_id=1, application_id=1, user_id=1)


async def in_bulk(client: voxsip.AsyncClient) -> None:
    job = client.bulk.bind(stream(), concurrency=8, rate_limit=voxsip.RateLimit(50))
    assert_type(job, BulkJob[voxsip.BindRequest, models.BindSipRegistrationReply])
    async for outcome in job:
        assert_type(outcome, voxsip.Outcome[voxsip.BindRequest, models.BindSipRegistrationReply])
        assert_type(outcome.row.user_id, int | None)
        any_reply: voxsip.Outcome[voxsip.BindRequest] = outcome
        del any_reply
        assert_type(outcome.error, voxsip.VoxsipError | None)
    assert_type(await job, voxsip.Report)
    async for bought in client.bulk.create([{"sip_username": "a", "proxy": "b"}]):
        if bought.result is not None:
            assert_type(bought.result.sip_registration_id, int)
            assert_type(bought.result.to_dict(), dict[str, Any])
    assert_type(await client.bulk.create([{"sip_username": "a", "proxy": "b"}]), voxsip.Report)
    assert_type(client.bulk.delete([voxsip.DeleteRequest(sip_registration_id=1)]).report.done, int)
    client.bulk.bind([1, 2])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]


def in_bulk_blocking(client: voxsip.Client) -> None:
    with Path("rows.csv").open(newline="") as file:
        job = client.bulk.bind(csv.DictReader(file))
        for outcome in job:
            assert_type(
                outcome, voxsip.Outcome[voxsip.BindRequest, models.BindSipRegistrationReply]
            )
    assert_type(job.report, voxsip.Report)
    assert_type(client.bulk.bind(iter([voxsip.BindRequest()])).wait(), voxsip.Report)


async def desired(client: voxsip.AsyncClient) -> None:
    plan = await client.desired.plan([{"sip_registration_id": 1, "user_id": None}])
    assert_type(plan, Plan)
    assert_type(plan.changes, tuple[Change, ...])
    assert_type(plan.save("tonight.plan"), Plan)
    job = client.desired.apply(Plan.load("tonight.plan"), journal=Path("journal"))
    async for outcome in job:
        assert_type(outcome.row.takes, int | None)
    assert_type(await job, voxsip.Report)
    async for bought in client.bulk.create([{"sip_username": "a", "proxy": "b"}]):
        if bought.result is not None:
            assert_type(bought.result.sip_registration_id, int)
            assert_type(bought.result.to_dict(), dict[str, Any])
    client.desired.apply([])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def desired_blocking(client: voxsip.Client) -> None:
    plan = client.desired.plan(csv.DictReader(["a,b"]), prune=True, scope={"proxy": "p"})
    assert_type(client.desired.apply(plan).wait(), voxsip.Report)
    assert_type(plan.price, Quote | None)


def called_back(body: bytes) -> None:
    try:
        callbacks = parse(body, account_id=1, api_key="key", salt="salt")
    except UnverifiedCallbackError as error:
        assert_type(error.outcome_unknown, bool)
        return
    assert_type(callbacks, tuple[Callback, ...])
    for callback in callbacks:
        if isinstance(callback, SipRegistrationFail):
            assert_type(callback.sip_registrations, tuple[FailedRegistration, ...])
            assert_type(callback.sip_registrations[0].status_code, str | None)
    parse(body, account_id="1", api_key="key", salt="salt")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


class Store:
    """A store of one's own, for several processes."""

    async def claim(self, key: str, owner: str) -> Claim:
        return "new" if key > owner else "done"

    async def complete(self, key: str, owner: str) -> None: ...
    async def release(self, key: str, owner: str) -> None: ...


async def handle(callback: Callback) -> None: ...
def handle_plainly(callback: Callback) -> None: ...


async def receiving(app: web.Application) -> None:
    receiver = Receiver(handle, account_id=1, api_key="key", salt="salt", seen=Store())
    app.router.add_post("/webhooks", aiohttp_handler(receiver))
    await uvicorn.Server(uvicorn.Config(ASGIApp(receiver))).serve()
    Receiver(handle_plainly, account_id=1, api_key="key", salt="", seen=MemorySeenStore(5))
    Receiver(handle, account_id="1", api_key="key", salt="salt")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Receiver(handle, account_id=1, api_key="key", salt="salt", seen={})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def healthy(client: voxsip.AsyncClient) -> None:
    report = await client.sip_registrations.wait_until_registered([1, 2], deadline=60)
    assert_type(report, voxsip.HealthReport)
    assert_type(report.failing, tuple[voxsip.RegistrationHealth, ...])
    assert_type(report.failing[0].status_code, int | None)
    assert_type(report.failing[0].since, dt.datetime | None)
    assert_type(await client.sip_registrations.health(proxy=["p"]), voxsip.HealthReport)
    assert_type(client.sip_registrations.list(), voxsip.AsyncPager[models.SipRegistration])
    await client.sip_registrations.health(proxi=["p"])  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def healthy_blocking(client: voxsip.Client) -> None:
    report = client.sip_registrations.wait_until_registered(range(9), wait_for_failing=False)
    assert_type(report.all_registered, bool)
    assert_type(client.sip_registrations.health([1]), voxsip.HealthReport)
    assert_type(client.sip_registrations.list(), voxsip.Pager[models.SipRegistration])
