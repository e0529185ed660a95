"""`voxsip call`, `spec`, `account` and the lists of applications, users and rules."""

import json

import pytest


@pytest.fixture
def command(serve):
    return serve(applications=2, users=3, registrations=1)[1]


def test_any_command(command):
    ended = command("call", "GetUsers", "application_id=1", "count=1", "--json")
    assert ended.code == 0
    assert [user["user_name"] for user in json.loads(ended.out)["result"]] == ["user-1"]
    assert json.loads(command("call", "GetSmsHistory").out)["result"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("GetUserz",), "did you mean GetUsers"),
        (("GetUsers", "aplication_id=1"), "did you mean application_id"),
        (("GetUsers", "application_id=one"), "application_id: expected a value of type integer"),
        (("GetUsers", "application_id"), "expected NAME=VALUE"),
        (("GetUsers", "application_id=1", "application_name=a"), "not both"),
        (("GetCallHistory", "from_date=yesterday", "to_date=today"), "type timestamp"),
        (("DownloadHistoryReport", "history_report_id=1"), "its reply is a file"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_sent(command, arguments, said):
    ended = command("call", *arguments)
    assert ended.code == 2
    assert said in ended.err


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
