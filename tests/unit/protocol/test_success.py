"""What a reply's `result` has to say before a call counts as done."""

import pytest

import voxsip
from tests.support.answers import Answer
from voxsip._protocol.reply import RawReply, result_of

NO_SUCCESS = [b"0", b"null", b'"no"', b"[]", b"false", b"-1", b"true", b"1.0", b'"1"', b"{}", b"2"]
ONE = voxsip.RetryPolicy(attempts=1)
BIND = {"sip_registration_id": 1, "application_id": 1, "user_id": 1}


def reply(value):
    return Answer(b'{"result": ' + value + b', "sip_registration_id": 5}')


@pytest.fixture(params=NO_SUCCESS, ids=bytes.decode)
def result(request):
    return request.param


@pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
async def test_a_method_and_call_raise_that_the_outcome_is_unknown(answer, connect, cls, result):
    server = await answer(reply(result))
    side = connect(base_url=server.base_url, cls=cls, policy=ONE)
    for act in (
        lambda client: client.sip_registrations.bind(**BIND),
        lambda client: client.call("BindSipRegistration", BIND),
    ):
        error = await side.fails(voxsip.UnexpectedReplyError, act)
        assert error.outcome_unknown
        assert "a result that does not say success" in str(error)


async def test_a_row_is_unknown(answer, connect, result):
    server = await answer(reply(result))
    client = connect(base_url=server.base_url, policy=ONE).client
    for job in (client.bulk.bind([BIND]), client.bulk.delete([{"sip_registration_id": 1}])):
        [outcome] = [outcome async for outcome in job]
        assert (outcome.status, type(outcome.error)) == ("unknown", voxsip.UnexpectedReplyError)


async def test_a_purchase_that_does_not_say_success_is_looked_for(answer, connect, result):
    listed = {
        "sip_registration_id": 5,
        "sip_username": "ann",
        "proxy": "p.example",
        "purchase_date": "2025-06-15 15:06:40",
    }
    asked = []

    def serve(request):
        asked.append(request.path.rpartition("/")[2])
        if asked[-1] == "CreateSipRegistration":
            return reply(result)
        rows = [listed] if request.query["offset"] == "0" else []
        return Answer({"result": rows}, headers={"Date": "Sun, 15 Jun 2025 15:06:40 GMT"})

    server = await answer(serve)
    side = connect(base_url=server.base_url)
    made = await side(
        lambda client: client.sip_registrations.create(sip_username="ann", proxy="p.example")
    )
    assert made.sip_registration_id == 5
    assert asked.count("CreateSipRegistration") == 1
    assert "GetSipRegistrations" in asked


@pytest.mark.parametrize(
    ("command", "good", "bad"),
    [
        ("GetSipRegistrations", b"[]", b"1"),
        ("GetSipRegistrations", b"[]", b"{}"),
        ("GetAccountInfo", b'{"account_id": 1}', b"[]"),
        ("GetAccountInfo", b'{"account_id": 1}', b"null"),
        ("GetNewThings", b"0", b"null"),
        ("CheckNewThing", b"false", b"null"),
        ("AddNewThing", b"1", b"0"),
        ("AddNewThing", b"true", b"false"),
        ("AddNewThing", b'[{"id": 1}]', b"[]"),
        ("AddNewThing", b'{"id": 1}', b'"no"'),
    ],
)
async def test_other_results_are_what_the_command_answers(answer, connect, command, good, bad):
    server = await answer(Answer(b'{"result": ' + good + b"}"), Answer(b'{"result": ' + bad + b"}"))
    client = connect(base_url=server.base_url, policy=ONE).client
    assert "result" in await client.call(command)
    with pytest.raises(voxsip.UnexpectedReplyError):
        await client.call(command)


@pytest.mark.parametrize(("body", "good"), [(b"{}", True), (b'{"result": 0}', False)])
def test_a_result_that_may_be_absent_still_says_success_if_it_is_there(body, good):
    assert (result_of(RawReply(200, body), "one", with_result=False) is not None) == good
