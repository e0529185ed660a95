"""What a client is told, checked when it is made."""

import ssl

import pytest

import voxsip
from voxsip._config import BASE_URL, make_base_url, make_trust


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
