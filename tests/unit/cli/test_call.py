"""`voxsip call`, `spec`, `account` and the lists of applications, users and rules."""

import json

import pytest

pytestmark = pytest.mark.once


@pytest.fixture
def command(serve):
    return serve(applications=2, users=3, registrations=1)[1]


def test_any_command(command):
    ended = command("call", "GetUsers", "application_id=1", "count=1", "--json")
    assert ended.code == 0
    assert [user["user_name"] for user in json.loads(ended.out)["result"]] == ["user-1"]
    assert json.loads(command("call", "GetSmsHistory").out)["result"] == []


def test_a_reply_that_is_a_file_is_saved(command):
    ended = command("call", "DownloadInvoice", "invoice_id=1", "--output", "invoice.pdf")
    assert (ended.code, ended.out) == (0, "")
    assert (command.folder / "invoice.pdf").read_bytes()
    assert command("call", "GetSmsHistory", "output=csv", "-o", "sms.csv").code == 0
    assert sorted(path.name for path in command.folder.iterdir()) == ["invoice.pdf", "sms.csv"]


def test_what_cannot_be_is_said_with_the_code_of_bad_usage(command):
    ended = command("call", "GetUsers", "aplication_id=1")
    assert (ended.code, ended.out) == (2, "")
    assert "GetUsers: aplication_id: no such parameter; did you mean application_id?" in ended.err


def test_lists(command):
    assert "app-2" in command("applications", "list").out
    names = [
        json.loads(line)["user_name"]
        for line in command("users", "list", "--application-id", "1", "--json").out.splitlines()
    ]
    assert names == ["user-1", "user-3"]
    assert "rule-1" in command("rules", "list", "--application-name", "app-1").out
    assert json.loads(command("account", "--json").out)["account_id"] == 1
    assert "balance" in command("account").out


def test_the_api_as_one_document(command):
    found = json.loads(command("spec").out)
    assert found["openapi"].startswith("3.1")
    assert len(found["paths"]) == 184
