"""Tokens: minted once, renewed in time, set right when the clocks differ."""

import asyncio
from datetime import UTC, datetime

import pytest

import voxsip
from tests.support.harness import Signer, counts
from voxsip._auth.tokens import BACKDATED, LIFETIME, MARGIN, StaticToken, TokenCache
from voxsip.emulator import Fault, Faults

CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
INFO = "GetAccountInfo"


def info(client):
    return client.accounts.get_account_info()


@pytest.fixture
def cache(account, clock):
    cache = TokenCache(account, clock=clock)
    cache._signer = Signer(account.signer)
    return cache


# The cache


def test_token_is_minted_once_and_kept(cache):
    assert cache.bearer() == cache.bearer()
    assert len(cache._signer.signed) == 1


def test_claims_are_what_the_api_asks_for(cache, clock):
    cache.bearer()
    [claims] = cache._signer.signed
    assert claims == {"iss": "1", "iat": int(clock()) - 10, "exp": int(clock()) - 10 + 3600}


def test_token_is_replaced_before_it_expires(cache, clock):
    first = cache.bearer()
    clock.seconds += LIFETIME - BACKDATED - MARGIN - 1
    assert cache.bearer() == first
    clock.seconds += 2
    assert cache.bearer() != first
    assert clock() < cache._signer.signed[0]["exp"] - MARGIN + 2


def test_wall_clock_set_back_does_not_keep_a_token_alive(account, clock):
    wall = clock()
    clock.wall = lambda: wall
    cache = TokenCache(account, clock=clock)
    cache._signer = Signer(account.signer)
    cache.bearer()
    wall -= 100_000
    clock.seconds += LIFETIME
    cache.bearer()
    assert len(cache._signer.signed) == 2


def test_refused_token_is_dropped_once(cache, clock):
    refused = cache.bearer()
    ahead = datetime.fromtimestamp(clock() + 500, UTC)
    assert cache.renew(refused, ahead)
    assert cache._offset == pytest.approx(500)
    fresh = cache.bearer()
    assert fresh != refused
    assert cache.renew(refused, datetime.fromtimestamp(0, UTC))  # a late refusal of the old one
    assert cache.bearer() == fresh
    assert cache._offset == pytest.approx(500)


def test_refusal_that_is_not_the_clocks_fault_leaves_it(cache):
    cache.renew(cache.bearer(), None)
    assert cache._offset == 0
    cache.bearer()
    assert len(cache._signer.signed) == 2


def test_nothing_shows_a_token(cache):
    bearer = cache.bearer()
    assert bearer.startswith("Bearer ey")
    assert bearer.split()[1] not in repr(cache)
    assert "opaque" not in repr(StaticToken("opaque"))


# A client's tokens


async def test_a_hundred_tasks_sign_once(serve, connect):
    side = connect(await serve())
    await asyncio.gather(*(side(info) for _ in range(100)))
    assert len(side.signer.signed) == 1


async def test_a_hundred_refused_tasks_sign_once_more(serve, connect):
    emulator = await serve()
    side = connect(emulator)
    await side(info)
    emulator.clock_offset = 2 * 3600
    await asyncio.gather(*(side(info) for _ in range(100)))
    assert len(side.signer.signed) == 2


@CLIENTS
async def test_token_outlives_calls_and_views(serve, connect, clock, cls):
    side = connect(await serve(), cls=cls)
    for _ in range(3):
        await side(info)
        await side(lambda client: info(client.with_options(timeout=5)))
    assert len(side.signer.signed) == 1
    clock.seconds += LIFETIME
    await side(info)
    assert len(side.signer.signed) == 2


@CLIENTS
@pytest.mark.parametrize("code", [100, 447, 454, 455, 456])
async def test_refused_token_is_answered_by_one_more_try(serve, connect, clock, cls, code):
    emulator = await serve(faults=Faults([Fault(kind="token_error", code=code, times=[2])]))
    side = connect(emulator, cls=cls)
    await side(info)
    await side(info)
    assert counts(emulator, INFO) == (3, 2)
    assert len(side.signer.signed) == 2
    assert clock.delays == []


@CLIENTS
@pytest.mark.parametrize("code", [100, 447, 454, 455, 456])
async def test_token_refused_twice_raises(serve, connect, clock, cls, code):
    emulator = await serve(faults=Faults([Fault(kind="token_error", code=code)]))
    side = connect(emulator, cls=cls)
    error = await side.fails(voxsip.AuthorizationError, info)
    assert (error.code, error.attempts) == (code, 2)
    assert not error.outcome_unknown
    assert counts(emulator, INFO) == (2, 0)
    assert clock.delays == []


@pytest.mark.parametrize("first", ["refuse", "http"])
async def test_token_refused_after_another_failure(serve, connect, first):
    faults = Faults(
        [
            Fault(kind=first, times=[1]),
            Fault(kind="token_error", times=[2]),
        ]
    )
    emulator = await serve(faults=faults)
    await connect(emulator)(info)
    assert counts(emulator, INFO) == (3, 1)


@CLIENTS
@pytest.mark.parametrize("ahead", [-86400, -3600, -600, -90, -11, 11, 90, 600, 3600, 86400])
async def test_clock_that_differs_is_set_right_without_an_error(serve, connect, cls, ahead):
    emulator = await serve(clock_offset=ahead)
    side = connect(emulator, cls=cls)
    for _ in range(3):
        await side(info)
    assert len(side.signer.signed) <= 2
    assert counts(emulator, INFO)[0] <= 4


async def test_clock_that_jumps_meanwhile(serve, connect):
    emulator = await serve()
    side = connect(emulator)
    for ahead in (0, -90, 7200, -600):
        emulator.clock_offset = ahead
        await side(info)
    assert counts(emulator, INFO)[1] == 4


@CLIENTS
async def test_ready_token_is_used_as_it_is(serve, connect, cls, account, clock):
    emulator = await serve()
    token = TokenCache(account, clock=clock).bearer().removeprefix("Bearer ")
    side = connect(emulator, cls=cls, token=token)
    assert (await side(info)).result.account_id == 1
    assert await side(lambda client: client.bearer()) == token
    clock.seconds += 7200
    error = await side.fails(voxsip.AuthorizationError, info)
    assert (error.code, error.attempts) == (456, 1)


@CLIENTS
async def test_parent_acts_for_its_child(serve, connect, cls):
    emulator = await serve()
    child = emulator.add_child()
    side = connect(emulator, cls=cls, account_id=child)
    assert (await side(info)).result.account_id == child
    assert side.signer.signed[0]["iss"] == str(child)
    stranger = connect(emulator, cls=cls, account_id=child + 1)
    assert (await stranger.fails(voxsip.AuthorizationError, info)).code == 100


async def test_key_without_the_role_is_forbidden(serve, connect):
    emulator = await serve(roles=("Support",))
    error = await connect(emulator).fails(
        voxsip.ForbiddenError,
        lambda client: client.sip_registrations.delete(sip_registration_id=1),
    )
    assert (error.code, error.attempts) == (104, 1)


async def test_bearer_renews_what_has_run_out(serve, connect, clock):
    side = connect(await serve())
    first = side.client.bearer()
    clock.seconds += LIFETIME
    assert side.client.bearer() != first


def test_a_ready_token_names_its_account(account):
    ready = StaticToken(TokenCache(account, 7).bearer().removeprefix("Bearer "))
    assert ready.account_id == 7


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.W10.c", "a.eyJpc3MiOm51bGx9.c"])
def test_an_opaque_token_names_none(token):
    assert StaticToken(token).account_id is None


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("days", [-20_000, -800, 800, 20_000])
def test_a_correction_of_years_is_not_believed(cache, clock, days):
    cache.renew(cache.bearer(), at(max(0, clock() + days * 86_400)))
    cache.bearer()
    assert cache._offset == 0


def test_a_correction_that_does_not_help_is_dropped(cache, clock):
    for _ in range(2):
        cache.renew(cache.bearer(), at(clock() + 3600))
        assert cache._offset == pytest.approx(3600)
        cache.renew(cache.bearer(), at(clock() + 3600))
        assert cache._offset == 0


def test_a_correction_whose_token_is_refused_for_another_reason_is_dropped(cache, clock):
    cache.renew(cache.bearer(), at(clock() + 3600))
    cache.renew(cache.bearer(), None)
    assert cache._offset == 0


def test_a_correction_that_has_helped_outlives_a_refused_token(cache, clock):
    cache.renew(cache.bearer(), at(clock() + 3600))
    bearer = cache.bearer()
    clock.seconds += 600
    cache.renew(bearer, None)
    assert cache._offset == pytest.approx(3600)


def test_a_clock_that_is_set_right_is_corrected_again(cache, clock):
    cache.renew(cache.bearer(), at(clock() + 3600))
    cache.renew(cache.bearer(), at(clock() + 5))
    assert cache._offset == pytest.approx(5)
