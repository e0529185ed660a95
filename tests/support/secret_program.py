"""What programs do with voxsip, well and badly, saying all there is to say: `program.py BASE_URL CREDENTIALS FOLDER`.

Secrets come out of the vault inside an expression, so that a traceback with locals could only have them from voxsip.
"""

import asyncio
import copy
import hashlib
import json
import logging
import pickle
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import voxsip
from tests.support.answers import Answer, answering
from tests.support.frame_dump import rich_text
from tests.support.marked_secrets import secret
from voxsip import webhooks
from voxsip.report import ReportWriter

log = logging.getLogger("program")
QUICK = voxsip.RetryPolicy(attempts=2, backoff=0, max_retry_after=0)


def show(value):
    print(repr(value), str(value), f"{value!r:>5}" if isinstance(value, Exception) else "")
    if isinstance(value, BaseException):
        log.error("caught", exc_info=value)
        print(rich_text(value))
        found = traceback.TracebackException.from_exception(value, capture_locals=True)
        print("".join(found.format()))
        if isinstance(value, voxsip.VoxsipError):
            print(pickle.dumps(value, protocol=0).decode("latin-1"), vars(copy.copy(value)))


def attempt(act):
    try:
        show(act())
    except Exception as error:
        show(error)


async def awaited(made):
    try:
        show(await made)
    except Exception as error:
        show(error)


def everything(client):
    """Calls of one client; the async one gives coroutines."""
    registrations = client.sip_registrations
    at = {"sip_username": "ann", "proxy": "p.example"}
    yield lambda: registrations.create(**at, password=secret("password"))
    yield lambda: registrations.create(sip_username="", proxy="x", password=secret("password"))
    yield lambda: registrations.create(**at, password=[secret("password")])
    yield lambda: registrations.create(sip_username=5, proxy="p", password=secret("password"))
    yield lambda: registrations.update(sip_registration_id=1, password=secret("password"))
    yield lambda: registrations.update(sip_registration_id=999, password=secret("password"))
    yield lambda: registrations.create(**at, password=secret("password"), deadline=0.001)
    yield lambda: client.call("CreateSipRegistration", {**at, "password": secret("password")})
    yield lambda: client.call("AddNews", {"new_password": secret("password")})
    yield lambda: client.users.add(
        user_name="u", user_display_name="U", user_password=secret("user_password")
    )
    yield lambda: client.recover(
        "CreateSipRegistration", {**at, "password": secret("password")}, since=datetime.now(UTC)
    )
    yield client.accounts.get_account_info


def rows():
    for number in range(20):
        proxy = "has space" if number % 7 == 3 else "p.example"
        yield voxsip.CreateRequest(
            sip_username=f"bulk-{number}", proxy=proxy, password=secret("password")
        )
    yield {"sip_username": "x", "proxy": "p", "password": secret("password"), "user_id": "?"}
    yield {"sip_username": "x", "proxy": "p", "password": [secret("password")]}
    yield {"password": secret("password"), "nonsense": secret("password")[:0]}


async def bulk(client, folder):
    with ReportWriter(folder / "reports", "create") as writer:
        job = client.bulk.create(rows(), journal=folder / "job.sqlite", concurrency=4)
        async for outcome in job:
            show(outcome)
            if not isinstance(outcome.row, dict):  # that is the program's own
                show(outcome.row)
            show(outcome.error)
            writer.add(outcome)
        writer.finish(job.report)
        show(job.report)
    again = client.bulk.resume(folder / "job.sqlite", rows())
    try:
        show(await again)
    except Exception as error:
        show(error)


async def replies(credentials):
    """What an account says of itself, read well and badly."""
    told = {"account_id": 1, "api_key": secret("api_key"), "callback_salt": secret("salt")}
    for body in ({"result": told}, {"result": {**told, "account_id": {}}}, {"error": told}):
        async with (
            answering(Answer(body)) as server,
            voxsip.AsyncClient(credentials, base_url=server.base_url, retry=QUICK) as client,
        ):
            await awaited(client.accounts.get_account_info())


def callbacks():
    for body in (b"{}", b'{"callbacks": [{"callback_id": 1, "hash": "x"}]}', None):
        attempt(
            lambda body=body: webhooks.parse(
                body, account_id=1, api_key=secret("api_key"), salt=secret("salt")
            )
        )
    attempt(lambda: webhooks.parse(b"", account_id="x", api_key=secret("api_key"), salt=5))
    attempt(
        lambda: webhooks.Receiver(
            None, account_id=1, api_key=secret("api_key"), salt=secret("salt")
        )
    )


async def receivers():
    """A receiver, and what it makes of bodies, one of which its handler fails on."""

    async def fail(callback):
        raise RuntimeError(f"handling {callback}")

    receiver = webhooks.Receiver(fail, account_id=1, api_key=secret("api_key"), salt=secret("salt"))
    show(receiver)
    show(vars(receiver))
    signed = hashlib.md5(f"{secret('salt')}1{secret('api_key')}7".encode())  # noqa: S324 - the API's
    callback = {"callback_id": 7, "type": "min_balance", "hash": signed.hexdigest()}
    for told in (callback, {**callback, "hash": "x"}):
        parts = [b"", json.dumps({"callbacks": [told]}).encode()]

        async def read(parts=parts):
            return parts.pop()

        await awaited(receiver.answer("POST", {}, read))


def configurations(credentials, base_url):
    attempt(lambda: voxsip.Client(token=secret("token") + " x"))
    attempt(lambda: voxsip.Client(credentials, token=secret("token")))
    attempt(lambda: voxsip.Client(token=secret("token"), base_url="http://example.com/x"))
    attempt(lambda: voxsip.ServiceAccount.from_file(credentials))
    attempt(
        lambda: voxsip.ServiceAccount.from_mapping(
            {"account_id": 1, "key_id": "k", "private_key": "-----BEGIN " + secret("password")}
        )
    )
    with voxsip.Client(token=secret("token"), base_url=base_url, retry=QUICK) as client:
        show(client)
        attempt(lambda: client.users.list().first_page())
    with voxsip.Client(
        credentials, base_url="http://127.0.0.1:9/platform_api", retry=QUICK
    ) as client:
        attempt(
            lambda: client.sip_registrations.update(
                sip_registration_id=1, password=secret("password")
            )
        )


async def cancelled(client):
    task = asyncio.ensure_future(
        client.sip_registrations.create(
            sip_username="slow", proxy="p.example", password=secret("password")
        )
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    show(task)
    task.cancel()
    try:
        await task
    except BaseException as error:
        show(error)


async def main(base_url, credentials, folder):
    for encoding in ("auto", "query", "form"):
        async with voxsip.AsyncClient(
            credentials, base_url=base_url, retry=QUICK, encoding=encoding
        ) as client:
            show(client)
            for act in everything(client):
                await awaited(act())
            await cancelled(client)
            show(asyncio.all_tasks())
    async with voxsip.AsyncClient(credentials, base_url=base_url, retry=QUICK) as client:
        await bulk(client, folder)
    await replies(credentials)


if __name__ == "__main__":
    base_url, credentials, folder = sys.argv[1:]
    asyncio.run(main(base_url, credentials, Path(folder)), debug=True)
    for encoding in ("auto", "query", "form"):
        with voxsip.Client(
            credentials, base_url=base_url, retry=QUICK, encoding=encoding
        ) as client:
            for act in everything(client):
                attempt(act)
    configurations(credentials, base_url)
    callbacks()
    asyncio.run(receivers())
    with voxsip.Client(credentials, base_url=base_url, retry=QUICK) as client:
        print("the end, with an error nobody catches", flush=True)
        client.sip_registrations.create(sip_username="", proxy="p", password=secret("password"))
