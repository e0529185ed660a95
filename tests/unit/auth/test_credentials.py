"""Credentials: found where they are said to be, refused in clear words, never shown."""

import base64
import copy
import json
import os
import pickle
import stat
import warnings

import pytest

import voxsip
from tests.support.keys import variants
from voxsip._auth.credentials import from_environment

MARK = "m4rk3d-c0nt3nt"
GOOD = {"account_email": "a@example.com", "account_id": 12, "key_id": "k-1"}


@pytest.fixture
def write(tmp_path):
    def write(content, name="credentials.json", mode=0o600):
        path = tmp_path / name
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        path.write_bytes(text)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def good(account):
    return GOOD | {"private_key": account.private_key}


def refused(path):
    with pytest.raises(voxsip.ConfigurationError) as caught:
        voxsip.AsyncClient(path)
    text = str(caught.value)
    assert str(path) in text
    assert MARK not in text
    return text


def test_file_is_read(write, good):
    account = voxsip.ServiceAccount.from_file(str(write(good)))
    assert (account.account_id, account.key_id) == (12, "k-1")
    assert account.account_email == "a@example.com"


@pytest.mark.parametrize("changes", [{"account_id": "12"}, {"account_email": 5}, {"more": [1]}])
def test_harmless_differences_are_accepted(write, good, changes):
    assert voxsip.ServiceAccount.from_file(write(good | changes)).account_id == 12


def test_missing_file_is_named(tmp_path):
    assert "cannot read" in refused(tmp_path / "nowhere.json")


def test_folder_is_no_file(tmp_path):
    assert "cannot read" in refused(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_is_named(write, good):
    assert "cannot read" in refused(write(good, mode=0))


def test_path_that_cannot_be():
    with pytest.raises(voxsip.ConfigurationError, match="cannot read"):
        voxsip.AsyncClient("a\0b")


@pytest.mark.parametrize(
    "content", [b"", MARK.encode(), f'{{"private_key": "{MARK}'.encode(), b"\xff\xfe", b"[" * 5000]
)
def test_file_that_is_not_json(write, content):
    assert "not JSON" in refused(write(content))


@pytest.mark.parametrize("content", [[MARK], MARK, 5, None, True])
def test_file_that_is_no_object(write, content):
    assert "not a JSON object" in refused(write(content))


@pytest.mark.parametrize("field", ["account_id", "key_id", "private_key"])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_field_is_named(write, good, field, value):
    assert f"{field} missing" in refused(write(good | {field: value}))
    del good[field]
    assert f"{field} missing" in refused(write(good))


def test_all_missing_fields_are_named(write):
    assert "account_id, key_id, private_key" in refused(write({"token": MARK}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_id", MARK),
        ("account_id", True),
        ("account_id", 0),
        ("account_id", -1),
        ("account_id", 1.5),
        ("account_id", [1]),
        ("account_id", "١٢"),
        ("key_id", 5),
        ("key_id", [MARK]),
        ("key_id", "  "),
        ("private_key", 5),
        ("private_key", [MARK]),
        ("private_key", " \n"),
        ("private_key", MARK),
        ("private_key", {"BEGIN": MARK}),
    ],
)
def test_field_of_the_wrong_form_is_named(write, good, field, value):
    assert f": {field} " in refused(write(good | {field: value}))


def test_wrong_kind_of_key_is_named_by_field(write, good, account):
    for text in variants(account.private_key)[1].values():
        said = refused(write(good | {"private_key": text}))
        assert ": private_key " in said
        assert "BEGIN P" not in said.replace("-----BEGIN PRIVATE KEY-----", "")
        assert text not in said


@pytest.mark.parametrize("value", [5, {"account_id": 1}, ["x"], object()])
def test_other_objects_are_refused(value):
    with pytest.raises(voxsip.ConfigurationError, match="expected a path or a ServiceAccount"):
        voxsip.AsyncClient(value)


def test_both_credentials_and_token_are_refused(account):
    with pytest.raises(voxsip.ConfigurationError, match="not both"):
        voxsip.AsyncClient(account, token=MARK)


def test_no_credentials_at_all_says_what_to_do():
    with pytest.raises(voxsip.ConfigurationError) as caught:
        voxsip.AsyncClient()
    assert "VOXIMPLANT_CREDENTIALS" in str(caught.value)
    assert "VOXIMPLANT_TOKEN" in str(caught.value)


def test_environment_names_a_file_or_a_token(write, good, monkeypatch):
    monkeypatch.setenv("VOXIMPLANT_TOKEN", "opaque")
    assert from_environment() == "opaque"
    assert voxsip.AsyncClient().bearer() == "opaque"
    monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", str(write(good)))
    assert from_environment().key_id == "k-1"
    assert voxsip.AsyncClient(token="mine").bearer() == "mine"
    monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", "/nowhere")
    with pytest.raises(voxsip.ConfigurationError, match="/nowhere"):
        voxsip.AsyncClient()


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
@pytest.mark.parametrize("mode", [stat.S_IRGRP, stat.S_IROTH])
def test_file_that_others_can_read_is_warned_of(write, good, mode):
    path = write(good, name="my keys.json", mode=0o600 | mode)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            voxsip.ServiceAccount.from_file(path)
        voxsip.AsyncClient(path)
    [warning] = caught
    assert warning.category is voxsip.CredentialsWarning
    assert "chmod 600 '" in str(warning.message)


def test_account_is_a_value_that_hides_its_key(account):
    assert "BEGIN" not in repr(account)
    assert "private_key" not in repr(account)
    assert copy.copy(account) is copy.deepcopy(account) is account
    with pytest.raises(TypeError, match="ServiceAccount cannot be copied or pickled: it holds a"):
        pickle.dumps(account)


def test_account_checks_its_fields_itself(account):
    with pytest.raises(voxsip.ConfigurationError, match="credentials: account_id"):
        voxsip.ServiceAccount(account_id="x", key_id="k", private_key=account.private_key)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_byte_order_mark_and_other_unicode_are_read(write, good, encoding):
    path = write((json.dumps(good) + "\r\n").encode(encoding))
    assert voxsip.AsyncClient(path).account_id == 12


@pytest.mark.parametrize(
    "mangle",
    [
        lambda key: key.replace("\n", "\\n"),
        lambda key: key.replace("\n", "\\r\\n"),
        lambda key: key.replace("\n", "\r\n"),
        lambda key: key.replace("\n", " "),
        lambda key: "\n".join(f"   {line}" for line in key.splitlines()),
        lambda key: f'"{key.strip()}"',
    ],
)
def test_a_key_whose_line_breaks_suffered_is_read(good, mangle):
    account = voxsip.ServiceAccount.from_mapping(
        good | {"private_key": mangle(good["private_key"])}
    )
    assert voxsip.AsyncClient(account).bearer().count(".") == 2


@pytest.mark.parametrize("before", ["", "\ufeff", " \n"])
def test_the_environment_may_hold_the_content(monkeypatch, good, before):
    monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", before + json.dumps(good, indent=1))
    assert voxsip.AsyncClient().account_id == 12


@pytest.mark.parametrize("content", ["{", '{"private_key": "K3Y"', "[]", '{"account_id": 1}'])
def test_broken_content_of_the_environment_is_not_quoted(monkeypatch, content):
    monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", content)
    with pytest.raises(voxsip.ConfigurationError) as caught:
        voxsip.AsyncClient()
    assert "K3Y" not in str(caught.value)
    assert "{" not in str(caught.value)


def contents(good):
    text, key = json.dumps(good), good["private_key"]
    encoded = base64.b64encode(text.encode()).decode()
    yield from (
        text,
        f" {text}",
        key,
        key.replace("\n", "\\n"),
        key.replace("\n", " "),
        encoded,
        encoded[:60],
    )
    yield from (key.splitlines()[1], "".join(key.splitlines()[1:-1]), '{"private_key": "x"}')


@pytest.mark.parametrize("place", ["argument", "environment", "ssl"])
def test_content_in_place_of_a_path_is_not_quoted(monkeypatch, good, place):
    for content in contents(good):
        with pytest.raises(voxsip.ConfigurationError) as caught:
            if place == "ssl":
                voxsip.AsyncClient(token="t", ssl=content)
            elif place == "argument":
                voxsip.AsyncClient(content)
            else:
                monkeypatch.setenv("VOXIMPLANT_CREDENTIALS", content)
                if content.lstrip().startswith('{"account'):
                    voxsip.AsyncClient()
                    raise voxsip.ConfigurationError("expected the path, or the JSON: it works")
                voxsip.AsyncClient()
        said = str(caught.value)
        assert "expected the path" in said or "pass the path" in said or "missing" in said
        assert content[-20:] not in said
        assert content[:20] not in said


def test_a_path_that_is_none_is_quoted(tmp_path):
    with pytest.raises(voxsip.ConfigurationError, match=r"nowhere\.json: cannot read"):
        voxsip.AsyncClient(str(tmp_path / "nowhere.json"))
