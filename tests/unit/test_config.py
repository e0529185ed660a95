"""What a client is told, checked when it is made."""

import base64
import ssl

import pytest
from yarl import URL

import voxsip
from voxsip._config import BASE_URL, make_base_url, make_trust
from voxsip._transport.proxy import bypasses, find_proxy


def refused(pattern, **options):
    with pytest.raises(voxsip.ConfigurationError, match=pattern) as caught:
        voxsip.AsyncClient(**{"token": "MARK", **options})
    assert "MARK" not in str(caught.value)
    with pytest.raises(voxsip.ConfigurationError, match=pattern):
        voxsip.Client(**{"token": "MARK", **options})
    return str(caught.value)


def test_base_url_comes_from_argument_environment_or_is_the_public_one(monkeypatch):
    assert make_base_url(None, allow_plain_http=False) == BASE_URL
    monkeypatch.setenv("VOXIMPLANT_BASE_URL", "https://there.example.com/platform_api/")
    assert make_base_url(None, allow_plain_http=False) == "https://there.example.com/platform_api"
    here = "https://here.example.com/api"
    assert make_base_url(here, allow_plain_http=False) == here


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/platform_api",
        "http://127.8.9.1/platform_api",
        "http://[::1]:8000/platform_api",
        "HTTP://LOCALHOST/platform_api",
        "http://localhost./platform_api",
        "http://127.255.255.254:8000/",
        "http://[::ffff:127.0.0.1]:8000/",
        "http://[::ffff:7f01:203]/",
        "https://bücher.example/platform_api",
        "https://[2001:db8::1]:8443/a%20b/",
        "https://under_score.example./",
        "https://api.example.com",
    ],
)
def test_this_machine_and_https_are_fine(url):
    voxsip.AsyncClient(token="t", base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/platform_api",
        "http://10.0.0.1/platform_api",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://[::2]/",
        "http://0.0.0.0:80/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[64:ff9b::7f00:1]/",
        "http://name.localhost/",
    ],
)
def test_plain_http_elsewhere_must_be_asked_for(url, monkeypatch):
    assert "allow_plain_http=True" in refused("in clear", base_url=url)
    voxsip.AsyncClient(token="t", base_url=url, allow_plain_http=True)
    monkeypatch.setenv("VOXIMPLANT_BASE_URL", url)
    refused("in clear")


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "ftp://api.example.com/",
        "https://",
        "/platform_api",
        "https://MARK:MARK@api.example.com/",
        "https://MARK@api.example.com/",
        "https://api.example.com/?token=MARK",
        "https://api.example.com/#MARK",
        "https://api.example.com:99999/",
        "https://[MARK/",
        "https://api example.com",
        " https://api.example.com/",
        "https://api.example.com/\n",
        "https://api\t.example.com/",
        "https://api.example.com\0/",
        "https://api.example.com/\ud800",
        "https://api.example.com/\u200b",
        "https://api\u202e.example.com/",
        "https://api.example.com/?",
        "https://api.example.com/#",
        "https://@api.example.com/",
        "https://:MARK@api.example.com/",
        "https://user:12/MARK@api.example.com/",
        "https://api.example.com:0/",
        "https://api.example.com:+80/",
        "https://api.example.com:\uff18\uff10/",
        "https://[fe80::1%eth0]/",
        "https://api%2Eexample.com/",
        "https://api..example.com/",
        "https://-api.example.com/",
        "https://" + "a" * 64 + ".example.com/",
        "https://" + "a." * 200 + "com/",
        "https://" + "a" * 30_000 + "!/",
        b"https://MARK.example.com/",
        "",
        5,
    ],
)
def test_url_that_cannot_be(url):
    refused("base_url", base_url=url)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("encoding", "json"),
        ("encoding", None),
        ("max_connections", 0),
        ("max_connections", 1.5),
        ("max_connections", True),
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", "5"),
        ("timeout", float("nan")),
        ("retry", 3),
        ("retry", None),
        ("rate_limit", 100),
        ("ssl", True),
        ("ssl", False),
        ("ssl", 5),
        ("ssl", "/nowhere.pem"),
        ("account_id", 5),
        ("token", ""),
        ("token", "MARK MARK"),
        ("token", "MARK\n"),
        ("token", "MÄRK"),
    ],
)
def test_option_that_cannot_be_is_named(option, value):
    number = isinstance(value, int | float)
    name = "total" if option == "timeout" and number else option
    refused(name, **{option: value})


@pytest.mark.parametrize(
    "content", ["", "MARK", "-----BEGIN CERTIFICATE-----\nMARK\n-----END CERTIFICATE-----"]
)
def test_file_that_holds_no_certificates(tmp_path, content):
    path = tmp_path / "ca.pem"
    path.write_text(content)
    said = refused("ssl: cannot use", ssl=path)
    assert str(path) in said


def test_trust_verifies():
    assert make_trust(None) is None
    context = ssl.create_default_context()
    assert make_trust(context) is context


def test_client_needs_no_loop_and_shows_no_secret(account):
    for cls in (voxsip.AsyncClient, voxsip.Client):
        assert repr(cls(account)) == f"<{cls.__name__} {BASE_URL}>"
        assert "MARK" not in repr(cls(token="MARK"))


def test_session_belongs_to_a_loop():
    with pytest.raises(voxsip.ConfigurationError, match="session"):
        voxsip.Client(token="t", session=object())


# Proxies


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("http://proxy.example:3128", "proxy.example:3128"),
        ("http://proxy.example:3128/", "proxy.example:3128"),
        ("proxy.example:3128", "proxy.example:3128"),
        ("HTTPS://Proxy.Example", "proxy.example:443"),
        ("MARK:MARK@proxy.example", "proxy.example:80"),
        ("http://MARK%40x:MARK%2F@[fe80::1]:8080", "[fe80::1]:8080"),
    ],
)
def test_a_proxy(given, name):
    client = voxsip.AsyncClient(token="t", proxy=given)
    assert client.proxy == name
    assert voxsip.Client(token="t", proxy=given).proxy == name
    assert "MARK" not in repr(client._caller.pool.proxy)


def test_credentials_are_sent_as_they_are_meant():
    proxy = find_proxy("http://ann%40x:p%20%C3%A9:%2F@p:1", BASE_URL, allow_plain_http=False)
    headers = {}
    sent = proxy.options(URL(BASE_URL), headers, "x/1")["proxy_headers"]["Proxy-Authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == "ann@x:p é:/"
    assert headers == {}


@pytest.mark.parametrize(
    "given",
    [
        "ftp://MARK@p:1",
        "http://",
        "http://MARK@:80",
        "http://p:MARK",
        "http://p:80/MARK",
        "http://u:MARK/x@p:80",
        "http://u:MARK?x@p:80",
        "http://u:MARK#x@p:80",
        "http://p:0",
        "socks5://MARK@p:1080",
        b"http://MARK",
        17,
    ],
)
def test_a_proxy_that_cannot_be(given, monkeypatch):
    refused("^proxy: ", proxy=given)
    if isinstance(given, str):
        monkeypatch.setenv("https_proxy", given)
        refused("^https_proxy: ")
        voxsip.AsyncClient(token="t", proxy="")


def test_which_variable_counts(monkeypatch):
    def proxy(url=BASE_URL):
        return voxsip.AsyncClient(token="t", base_url=url, allow_plain_http=True).proxy

    assert proxy() is None
    monkeypatch.setenv("ALL_PROXY", "http://all:1")
    assert proxy() == "all:1"
    monkeypatch.setenv("HTTPS_PROXY", "http://large:1")
    assert proxy() == "large:1"
    monkeypatch.setenv("https_proxy", "http://small:1")
    assert proxy() == "small:1"
    monkeypatch.setenv("https_proxy", "")  # as curl reads it: none
    assert proxy() is None
    assert proxy("http://api.example/platform_api") == "all:1"
    monkeypatch.setenv("HTTP_PROXY", "http://plain:1")
    assert proxy("http://api.example/platform_api") == "plain:1"
    monkeypatch.setenv("REQUEST_METHOD", "GET")  # a CGI program: a header of the request
    assert proxy("http://api.example/platform_api") == "all:1"
    monkeypatch.setenv("NO_PROXY", "example")
    assert proxy("http://api.example/platform_api") is None
    monkeypatch.setenv("no_proxy", "other")
    assert proxy("http://api.example/platform_api") == "all:1"


def test_this_machine_is_another_one_for_a_proxy_elsewhere(monkeypatch):
    here = "http://127.0.0.1:1/platform_api"
    refused(
        "through proxy.example:80 would send the token in clear",
        base_url=here,
        proxy="proxy.example",
    )
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    assert voxsip.AsyncClient(token="t", base_url=here).proxy is None
    monkeypatch.setenv("HTTP_PROXY", "http://localhost:3128")
    assert voxsip.AsyncClient(token="t", base_url=here).proxy == "localhost:3128"


@pytest.mark.parametrize(
    ("host", "listed", "direct"),
    [
        ("api.example.com", "example.com", True),
        ("api.example.com", ".example.com", True),
        ("api.example.com", "*.example.com", True),
        ("API.Example.com.", "x, api.EXAMPLE.com", True),
        ("api.example.com", "api.example.com:443", True),
        ("api.example.com", "api.example.com:80", False),
        ("api.example.com", "ample.com", False),
        ("api.example.com", "", False),
        ("api.example.com", " , . ", False),
        ("api.example.com", "x *", True),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3:443", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "2.3", False),
        ("10.1.2.3", "1", False),
        ("::1", "::1", True),
        ("::1", "[::1]:443", True),
        ("fe80::7", "fe80::/10", True),
        ("127.0.0.1", "localhost", False),
    ],
)
def test_no_proxy(host, listed, direct):
    assert bypasses(host, 443, listed) is direct


# What the server is told of the program


@pytest.mark.parametrize("given", ["billing", "billing/1.2", "a!b/2.0-rc.1"])
def test_app_info(given):
    assert voxsip.AsyncClient(token="t", app_info=given)._caller.pool.app_info == given


@pytest.mark.parametrize(
    "given", ["", "a b", "a/", "/1", "a/1/2", "a\r\nX: y", "é", "a(b)", 7, "a" * 101]
)
def test_app_info_that_cannot_be(given):
    refused('^app_info: expected "name" or "name/version"', app_info=given)
