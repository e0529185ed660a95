"""Where arguments travel: in the query, or as a form in the body."""

import pytest

import voxsip
from tests.support.answers import Answer

PASSWORD = "pa55 w&rd"
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def create(client, **more):
    return client.sip_registrations.create(sip_username="a", proxy="p.example", **more)


@pytest.fixture
async def sent(answer):
    """A server, and the path and form of every request that reached it."""
    requests = []

    async def read(request):
        requests.append((str(request.rel_url), request.content_type, dict(await request.post())))
        return Answer({"result": 1, "sip_registration_id": len(requests)})

    server = await answer(read)
    server.sent = requests
    return server


@CLIENTS
async def test_a_secret_argument_goes_as_a_form(sent, connect, cls):
    side = connect(base_url=sent.base_url, cls=cls)
    await side(lambda client: create(client, password=PASSWORD))
    [(url, kind, form)] = sent.sent
    assert url == "/platform_api/CreateSipRegistration"
    assert kind == "application/x-www-form-urlencoded"
    assert form == {"sip_username": "a", "proxy": "p.example", "password": PASSWORD}


@CLIENTS
async def test_other_arguments_go_in_the_query(sent, connect, cls):
    side = connect(base_url=sent.base_url, cls=cls)
    await side(lambda client: create(client, password=None))
    [(url, _, form)] = sent.sent
    assert url == "/platform_api/CreateSipRegistration?sip_username=a&proxy=p.example"
    assert form == {}


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ("AddNewThing", {"thing_password": PASSWORD}),
        ("BindSipRegistration", {"sip_registration_id": 1, "user_id": 1, "application_id": 1}),
        ("SetUserInfo", {"user_id": 1, "user_display_name": "A"}),
    ],
)
async def test_a_parameter_that_the_spec_does_not_know_is_secret_by_its_name(
    sent, connect, command, params
):
    secret = {**params, "new_api_key": PASSWORD, "user_password": PASSWORD}
    client = connect(base_url=sent.base_url).client
    await client.call(command, secret, unlisted=True)
    [(url, _, form)] = sent.sent
    assert url == f"/platform_api/{command}"
    assert form["new_api_key"] == PASSWORD


async def test_a_long_query_goes_as_a_form(sent, connect):
    client = connect(base_url=sent.base_url).client
    for length in (1900, 2100):
        params = {"sip_registration_id": 1, "x": "y" * length, "bind": False}
        await client.call("BindSipRegistration", params, unlisted=True)
    (short, _, _), (long, _, form) = sent.sent
    assert "y" * 1900 in short
    assert long == "/platform_api/BindSipRegistration"
    assert form["x"] == "y" * 2100


@pytest.mark.parametrize("encoding", ["query", "form"])
async def test_an_encoding_that_is_asked_for_is_used_for_all(sent, connect, encoding):
    client = connect(base_url=sent.base_url, encoding=encoding).client
    await create(client, password=PASSWORD)
    await create(client)
    for url, _, form in sent.sent:
        assert ("?" in url) == (encoding == "query")
        assert bool(form) == (encoding == "form")


async def test_a_row_with_a_password_goes_as_a_form(sent, connect):
    client = connect(base_url=sent.base_url).client
    rows = [{"sip_username": "a", "proxy": "p.example", "password": PASSWORD}]
    assert (await client.bulk.create(rows, check_funds=False)).done == 1
    assert [url for url, _, form in sent.sent if form] == ["/platform_api/CreateSipRegistration"]
