"""Hold README's column about the vendor's Python client to that client's code."""

import inspect
import json
import ssl
from importlib.metadata import version
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jose import jwt

pytestmark = pytest.mark.vendor

vendor = pytest.importorskip(
    "voximplant.apiclient", reason="voximplant-apiclient is not installed; tox -e slow does"
)
httpx = pytest.importorskip("httpx")


@pytest.fixture
def sent(monkeypatch):
    """What the vendor's client hands to httpx, a dict per call; `sent.reply` is what comes back."""

    class Sent(list):
        """Calls, and the reply to the next."""

    sent = Sent()
    sent.reply = {"result": 1}

    def post(url, **options):
        sent.append(options)
        if isinstance(sent.reply, Exception):
            raise sent.reply
        return httpx.Response(200, json=sent.reply)

    monkeypatch.setattr(httpx, "post", post)
    return sent


@pytest.fixture(scope="module")
def credentials(tmp_path_factory):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    path = tmp_path_factory.mktemp("vendor") / "credentials.json"
    path.write_text(json.dumps({"account_id": 1, "key_id": "key", "private_key": pem}))
    return path


@pytest.fixture
def api(credentials):
    return vendor.VoximplantAPI(credentials_file_path=credentials)


def methods():
    found = inspect.getmembers(vendor.VoximplantAPI, inspect.isfunction)
    return {name: function for name, function in found if not name.startswith("_")}


def test_the_version_that_readme_names():
    readme = Path(__file__).parents[3].joinpath("README.md").read_text()
    assert f"`voximplant-apiclient` {version('voximplant-apiclient')}" in readme


def test_connections_and_tls_context(monkeypatch, api):
    """Each call is httpx.post, which builds a client, its pool and its TLS context, and drops them."""
    contexts, clients = [], []
    build = ssl.create_default_context
    monkeypatch.setattr(
        ssl, "create_default_context", lambda **how: contexts.append(how) or build(**how)
    )
    enter = httpx.Client.__enter__
    monkeypatch.setattr(httpx.Client, "__enter__", lambda self: clients.append(self) or enter(self))
    monkeypatch.setattr(
        httpx.HTTPTransport, "handle_request", lambda self, request: httpx.Response(200, json={})
    )
    for _ in range(2):
        api.get_applications()
    assert len(set(map(id, clients))) == len(clients) == 2
    assert len(contexts) == 2


def test_tokens(sent, api, monkeypatch):
    clock = iter([1_700_000_000, 1_700_000_001])
    monkeypatch.setattr(vendor.client.time, "time", lambda: next(clock))
    api.get_applications()
    api.get_applications()
    first, second = (call["headers"]["Authorization"].split()[1] for call in sent)
    assert first != second
    claims = jwt.get_unverified_claims(first)
    assert claims["exp"] - claims["iat"] == 29
    assert isinstance(api.credentials["private_key"], str)  # text: parsed by every signature


def test_clock_timeout_and_failures(sent, api):
    sent.reply = {"error": {"code": 456, "msg": "expired"}}
    with pytest.raises(vendor.VoximplantException):
        api.get_applications()
    sent.reply = httpx.ReadError("lost")
    with pytest.raises(httpx.ReadError):
        api.create_sip_registration("alice", "sip.example.com")
    assert len(sent) == 2
    assert {call["timeout"] for call in sent} == {None}


def test_async():
    assert not any(inspect.iscoroutinefunction(method) for method in methods().values())


def test_replies(sent, api):
    sent.reply = {"result": 1, "account_info": {"balance": 98.5}}
    reply = api.create_sip_registration("alice", "sip.example.com")
    assert type(reply) is dict
    assert type(reply["account_info"]["balance"]) is float


def test_errors(sent, api):
    sent.reply = {"error": {"code": 127, "msg": "poor", "details": {"required_money": 1.5}}}
    with pytest.raises(vendor.VoximplantException) as caught:
        api.create_sip_registration("alice", "sip.example.com")
    assert vars(caught.value) == {"message": "poor", "code": 127}


def test_bad_arguments(sent, api):
    with pytest.raises(vendor.VoximplantException):
        api.bind_sip_registration(sip_registration_id=1, application_id=1, application_name="app-1")
    assert not sent
    api.bind_sip_registration(application_id=1, bind=True)
    api.bind_sip_registration(sip_registration_id=1, user_id=1)
    assert len(sent) == 2


def test_lists(sent, api):
    sent.reply = {"result": [], "count": 0, "total_count": 30}
    assert api.get_sip_registrations(count=20, offset=20) == sent.reply
    assert len(sent) == 1
    assert sent[0]["data"] == {"count": 20, "offset": 20, "cmd": "GetSipRegistrations"}


def test_type_hints_and_bulk():
    assert not any(method.__annotations__ for method in methods().values())
    assert not [name for name in methods() if "bulk" in name]


def test_commands_all_as_methods():
    facts = Path(__file__).parents[4] / "shared" / "facts" / "management_api.json"
    if not facts.exists():
        pytest.skip("the list of commands is not beside this checkout")
    names = {name for group in json.loads(facts.read_text())["groups"].values() for name in group}
    source = inspect.getsource(vendor.VoximplantAPI)
    assert not {name for name in names if f"_perform_request('{name}'" not in source}
