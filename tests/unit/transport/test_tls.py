"""TLS: verified by default, and clear words where that fails."""

import socket
import ssl

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

import voxsip
from tests.support.harness import counts
from voxsip._config import RetryPolicy
from voxsip.emulator._http.tls import server_context

INFO = "GetAccountInfo"
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def info(client):
    return client.accounts.get_account_info()


@pytest.fixture
async def secure(serve):
    return await serve(tls=True)


@CLIENTS
@pytest.mark.parametrize(
    "trust",
    [str, lambda path: path, lambda path: ssl.create_default_context(cafile=path)],
    ids=["text", "path", "context"],
)
async def test_custom_authority(secure, connect, cls, trust):
    side = connect(secure, cls=cls, ssl=trust(secure.ca))
    assert (await side(info)).result.account_id == 1


@CLIENTS
async def test_both_names_of_the_certificate(secure, connect, cls):
    url = secure.base_url.replace("127.0.0.1", "localhost")
    assert (await connect(secure, cls=cls, base_url=url)(info)).result.account_id == 1


@CLIENTS
async def test_unknown_authority_is_refused_once_and_says_what_to_do(secure, connect, clock, cls):
    side = connect(secure, cls=cls, ssl=None)
    error = await side.fails(voxsip.NotSentError, info)
    text = str(error)
    assert "certificate of 127.0.0.1 is not trusted" in text
    assert "ssl=" in text
    assert "CA file" in text
    assert (error.attempts, error.permanent, error.outcome_unknown) == (1, True, False)
    assert clock.delays == []
    assert counts(secure, INFO) == (0, 0)


class Everywhere(AbstractResolver):
    """Resolve every name to this machine."""

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self):
        pass


async def test_another_name_is_refused(secure, connect):
    url = secure.base_url.replace("127.0.0.1", "api.example.com")
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=Everywhere())
    ) as session:
        side = connect(secure, base_url=url, session=session)
        error = await side.fails(voxsip.NotSentError, info)
        assert "certificate of api.example.com is not trusted" in str(error)
        assert "name in its certificate" in str(error)
        assert error.permanent
    assert counts(secure, INFO) == (0, 0)


async def test_server_without_tls(emulator, connect):
    url = emulator.base_url.replace("http://", "https://")
    side = connect(emulator, base_url=url, policy=RetryPolicy(attempts=2))
    error = await side.fails(voxsip.NotSentError, info)
    assert "TLS handshake with 127.0.0.1 failed" in str(error)
    assert counts(emulator, INFO) == (0, 0)


async def test_plain_request_to_a_tls_server(secure, connect):
    url = secure.base_url.replace("https://", "http://")
    side = connect(secure, base_url=url, policy=RetryPolicy(attempts=2))
    with pytest.raises(voxsip.TransportError):
        await side(info)
    assert counts(secure, INFO) == (0, 0)


@CLIENTS
class TestTrustOfTheEnvironment:
    @pytest.fixture(autouse=True)
    def _system(self, monkeypatch, tmp_path):
        """Another authority in place of the system's: those are many, and slow to read."""
        server_context(tmp_path / "system.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
        monkeypatch.delenv("SSL_CERT_DIR", raising=False)

    async def test_beside_the_systems(self, secure, connect, serve, tmp_path, cls, monkeypatch):
        (tmp_path / "ca.pem").write_bytes(secure.ca.read_bytes())
        monkeypatch.setenv("VOXSIP_CA_BUNDLE", str(tmp_path / "ca.pem"))
        side = connect(secure, cls=cls, ssl=None)
        assert (await side(info)).result.account_id == 1
        context = (side.client if cls is voxsip.AsyncClient else side.client._async)._caller.pool
        assert len(context._ssl.get_ca_certs()) == 2

    async def test_in_place_of_the_systems(self, secure, connect, cls, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", str(secure.ca))
        assert (await connect(secure, cls=cls, ssl=None)(info)).result.account_id == 1

    async def test_what_is_given_is_trusted_alone(
        self, secure, connect, tmp_path, cls, monkeypatch
    ):
        monkeypatch.setenv("VOXSIP_CA_BUNDLE", str(secure.ca))
        side = connect(secure, cls=cls, ssl=tmp_path / "system.pem")
        assert "not trusted" in str(await side.fails(voxsip.NotSentError, info))

    @pytest.mark.parametrize("name", ["VOXSIP_CA_BUNDLE", "SSL_CERT_FILE"])
    @pytest.mark.parametrize(
        ("content", "said"), [(None, "No such file"), ("no PEM", "no certificate")]
    )
    def test_a_file_that_cannot_be_used(self, tmp_path, cls, monkeypatch, name, content, said):
        path = tmp_path / "x.pem"
        if content is not None:
            path.write_text(content)
        monkeypatch.setenv(name, str(path))
        with pytest.raises(
            voxsip.ConfigurationError, match=f"{name}: cannot use .*x.pem as a CA file: .*{said}"
        ):
            cls(token="t")
        cls(token="t", base_url="http://127.0.0.1:1/platform_api")

    def test_content_is_not_shown(self, cls, monkeypatch):
        monkeypatch.setenv("VOXSIP_CA_BUNDLE", "-----BEGIN CERTIFICATE-----\nM4RK")
        with pytest.raises(
            voxsip.ConfigurationError, match="got what may be its content"
        ) as caught:
            cls(token="t")
        assert "M4RK" not in str(caught.value)
