"""Arguments of a wrong type or out of range: an error of the library names them, before anything is sent."""

import inspect
import math

import pytest

import voxsip
from voxsip import webhooks
from voxsip.bulk import check_journal, read_journal
from voxsip.emulator import Emulator
from voxsip.plan import Plan, Scope, is_plan
from voxsip.report import ReportWriter

STORE = "postgresql://host/database"
NOWHERE = "http://127.0.0.1:9/platform_api"  # nothing listens there
HUGE = 10**5000  # has no repr: Python refuses to write it
NUMBERS = (True, "", "x", b"x", -1, math.nan, math.inf, HUGE, [], ["x"], {}, object())
THINGS = (True, "x", b"x", -1, 0, 1.5, math.nan, HUGE, ["x"], {"a": 1}, object())
FALSY = ("", b"", 0, [], {}, False)
FLAGS = (None, "false", "", 0, 1, [], object())
NO_PATHS = (None, True, b"x", -1, 1.5, [], {}, object(), "a\0b", "\ud800")


def client(**options):
    return voxsip.AsyncClient(**{"token": "t", "base_url": NOWHERE, **options})


def receiver(**options):
    return webhooks.Receiver(
        **{"handle": print, "account_id": 1, "api_key": "k", "salt": "s", **options}
    )


def parse(max_body):
    return webhooks.parse(b"{}", account_id=1, api_key="k", salt="s", max_body=max_body)


def plan(**options):
    return client().desired.plan([], **options)


CASES = {
    "Timeout(connect)": (lambda v: voxsip.Timeout(connect=v), NUMBERS),
    "Timeout(total)": (lambda v: voxsip.Timeout(total=v), NUMBERS),
    "RateLimit(rate)": (voxsip.RateLimit, NUMBERS),
    "RateLimit(burst)": (lambda v: voxsip.RateLimit(1, burst=v), (*NUMBERS, 1.5)),
    "Limiter": (voxsip.Limiter, (*THINGS, *FALSY)),
    "Limiter.set_rate": (lambda v: voxsip.Limiter().set_rate(v), NUMBERS),
    "Limiter.pause": (lambda v: voxsip.Limiter().pause(v), (*NUMBERS, None)),
    "CallTrace": (voxsip.CallTrace, THINGS),
    "from_mapping": (voxsip.ServiceAccount.from_mapping, (*THINGS, *FALSY, None)),
    "from_text": (voxsip.ServiceAccount.from_text, (*THINGS, *FALSY, None)),
    "from_file": (voxsip.ServiceAccount.from_file, NO_PATHS),
    "SharedRate(store)": (voxsip.SharedRate, (*THINGS, *FALSY, None)),
    "SharedRate(rate)": (lambda v: voxsip.SharedRate(STORE, rate=v), NUMBERS),
    "SharedRate(urgent)": (lambda v: voxsip.SharedRate(STORE, urgent=v), FLAGS),
    "AsyncClient(account_id)": (lambda v: client(account_id=v), NUMBERS),
    "AsyncClient(encoding)": (lambda v: client(encoding=v), (*THINGS, *FALSY)),
    "AsyncClient(timeout)": (lambda v: client(timeout=v), NUMBERS),
    "AsyncClient(retry)": (lambda v: client(retry=v), (*THINGS, *FALSY)),
    "AsyncClient(rate_limit)": (lambda v: client(rate_limit=v), (*THINGS, *FALSY)),
    "AsyncClient(max_connections)": (lambda v: client(max_connections=v), NUMBERS),
    "AsyncClient(session)": (lambda v: client(session=v), (*THINGS, *FALSY)),
    "AsyncClient(ssl)": (lambda v: client(ssl=v), (*THINGS, *FALSY)),
    "AsyncClient(proxy)": (lambda v: client(proxy=v), (True, b"", 0, [], {}, "\0", "a b", "h..i")),
    "AsyncClient(app_info)": (lambda v: client(app_info=v), (*NUMBERS[1:1], *FALSY, HUGE)),
    "AsyncClient(allow_plain_http)": (lambda v: client(allow_plain_http=v), FLAGS),
    "AsyncClient(on_event)": (lambda v: client(on_event=v), (*THINGS, "", b"", {})),
    "with_options(deadline)": (lambda v: client().with_options(deadline=v), NUMBERS[:4]),
    "list(deadline)": (lambda v: client().sip_registrations.list(deadline=v), NUMBERS[:4]),
    "download(deadline)": (
        lambda v: client().history.download_report(history_report_id=1, deadline=v),
        ("x", HUGE),
    ),
    "call(command)": (lambda v: client().call(v), NO_PATHS),
    "call(params)": (lambda v: client().call("GetUsers", v), (True, "x", -1, ["x"], object())),
    "call(deadline)": (lambda v: client().call("GetUsers", deadline=v), ("x", True, [], HUGE)),
    "bulk.bind(journal)": (lambda v: client().bulk.bind([], journal=v), (*NO_PATHS[1:], "")),
    "bulk.bind(concurrency)": (lambda v: client().bulk.bind([], concurrency=v), NUMBERS),
    "bulk.resume(journal)": (lambda v: client().bulk.resume([], v), (*NO_PATHS, "")),
    "read_journal": (read_journal, NO_PATHS),
    "check_journal": (check_journal, NO_PATHS),
    "Plan.load": (Plan.load, NO_PATHS),
    "Plan.save": (Plan(changes=(), counts={}).save, NO_PATHS),
    "is_plan": (is_plan, NO_PATHS),
    "Scope(application_id)": (lambda v: Scope(application_id=v), (*NUMBERS[:-3], 0, 1.5)),
    "Scope(prefix)": (lambda v: Scope(prefix=v), (*FALSY, " ", 5, object())),
    "plan(prune)": (lambda v: plan(prune=v), FLAGS),
    "plan(force)": (lambda v: plan(force=v), FLAGS),
    "ReportWriter(directory)": (lambda v: ReportWriter(v, "bind"), NO_PATHS),
    "ReportWriter(kind)": (lambda v: ReportWriter("unmade", v), (*THINGS, *FALSY, None)),
    "Receiver(seen)": (lambda v: receiver(seen=v), THINGS),
    "parse(max_body)": (parse, (*NUMBERS[:-6], None)),
    "ASGIApp": (webhooks.ASGIApp, (*THINGS, None)),
    "aiohttp_handler": (webhooks.aiohttp_handler, (*THINGS, None)),
}


@pytest.mark.parametrize("name", CASES)
async def test_error_of_the_library_at_once(name):
    attempt, wrong_values = CASES[name]
    for value in wrong_values:
        with pytest.raises(voxsip.VoxsipError) as caught:
            made = attempt(value)
            if inspect.isawaitable(made):
                await made
        assert not isinstance(caught.value, voxsip.TransportError), value
        assert len(str(caught.value)) < 400, value


def test_scope_of_nothing_is_not_the_whole_account():
    with pytest.raises(voxsip.InvalidArgumentError, match="nothing is given"):
        Scope()


@pytest.mark.parametrize("name", ["applications", "users", "children", "page_cap"])
@pytest.mark.parametrize("value", [True, 1.5, "5", None, b"1"])
def test_emulator_takes_whole_numbers(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        Emulator(**{name: value})
