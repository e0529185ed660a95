"""Files whose rows name accounts."""

import csv
import json

import pytest

pytestmark = pytest.mark.once


@pytest.fixture
def family(serve):
    """An emulator with a child account (2) whose ids are those of the main one, and a command."""
    emulator, voxsip = serve(registrations=4, applications=1, users=4, balance=10)
    child = emulator.add_child(registrations=4, applications=1, users=4, own_ids=True, balance=3)
    assert child == 2
    return emulator, voxsip


def test_a_file_for_two_accounts(family, write, tmp_path):
    emulator, voxsip = family
    file = write(
        "Account,id,app id,user id\n,1,1,1\n2,1,1,1\n2,2,1,2\n,2,1,2\n987,1,1,1\n2,3,1,77\n"
    )
    ended = voxsip("bulk", "bind", file, "--dry-run")
    assert (ended.code, ended.out.split(";")[0]) == (
        0,
        "rows.csv: 6 rows for 3 accounts, nothing wrong",
    )
    assert not any(emulator.state.counters[name]["received"] for name in ("BindSipRegistration",))
    checked = json.loads(voxsip("bulk", "bind", file, "--dry-run", "--json").out)
    assert (checked["rows"], checked["accounts"]) == (6, 3)
    ended = voxsip("bulk", "bind", file, "--report", "out", "--journal", "j")
    assert ended.code == 1
    assert [r["user_id"] for r in emulator.state_of(2).registrations] == [1, 2, None, None]
    failed = list(csv.DictReader((tmp_path / "out/failed.csv").read_text().splitlines()))
    assert sorted((row["account_id"], row["error_code"]) for row in failed) == [
        ("2", "117"),
        ("987", "100"),
    ]
    rewritten = (tmp_path / "out/failed.csv").read_text().replace(",77,", ",3,").replace("987", "2")
    ended = voxsip("bulk", "bind", write(rewritten, "again.csv"), "--on-conflict", "order")
    assert ended.code == 0
    assert emulator.state_of(2).registrations[2]["user_id"] == 3
    assert voxsip("bulk", "resume", "j").code == 1


def test_jsonl_and_standard_input(family):
    emulator, voxsip = family
    rows = [{"sip_registration_id": 4, "application_id": 1, "account_id": a} for a in (1, 2)]
    ended = voxsip("bulk", "bind", "-", stdin="\n".join(map(json.dumps, rows)) + "\n")
    assert ended.code == 0
    assert [emulator.state_of(a).registrations[3]["application_id"] for a in (1, 2)] == [1, 1]


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ("x2", "'x2' is not a whole number"),
        ("2.5", "'2.5' is not a whole number"),
        ("0", "0 is not a possible id"),
        ("2E+06", "a spreadsheet has rounded"),
    ],
)
def test_a_mistake_names_line_and_column(family, write, account, message):
    _, voxsip = family
    file = write(f"account_id,sip_registration_id,application_id\n,1,1\n{account},1,1\n")
    ended = voxsip("bulk", "bind", file)
    assert ended.code == 2
    assert "rows.csv:3: column account_id: " in ended.err
    assert message in ended.err


def test_rows_clash_within_an_account_only(family, write):
    _, voxsip = family
    head = "account_id,sip_registration_id,application_id,user_id\n"
    assert voxsip("bulk", "bind", write(head + ",1,1,1\n2,1,1,1\n"), "--dry-run").code == 0
    ended = voxsip("bulk", "bind", write(head + "2,1,1,1\n,1,1,1\n2,2,1,1\n2,1,1,3\n"), "--dry-run")
    assert ended.code == 2
    assert (
        "rows.csv:4: this row binds a registration to user 1 of account 2, as row 2 does"
        in ended.err
    )
    assert "rows.csv:5: this row names registration 1 of account 2, as row 2 does" in ended.err
    ended = voxsip("bulk", "bind", write(head + ",1,1,1\n1,2,1,1\n"))
    assert ended.code == 2
    assert "some name 1, which is the same account" in ended.err


def test_purchases_show_what_each_account_pays(family, write):
    emulator, voxsip = family
    head = "sip_username,proxy,account_id\n"
    rows = [f"u{n},sip.example.com,{account}\n" for n in range(3) for account in ("", 2)]
    ended = voxsip("bulk", "create", write(head + "".join(rows)), "--yes")
    assert ended.code == 0
    assert "3 registrations at 1 USD: 3; the balance is 10\n" in ended.err
    assert "account 2: 3 registrations at 1 USD: 3; the balance is 3\n" in ended.err
    assert [len(emulator.state_of(a).registrations) for a in (1, 2)] == [7, 7]
    before = emulator.state.counters["CreateSipRegistration"]["received"]
    ended = voxsip("bulk", "create", write(head + "".join(rows), "more.csv"), "--yes")
    assert ended.code == 4
    assert "the money of 1 of 2 accounts does not suffice; nothing was bought" in ended.err
    assert emulator.state.counters["CreateSipRegistration"]["received"] == before


def test_an_account_that_the_key_may_not_use_is_said_before_buying(family, write):
    _, voxsip = family
    ended = voxsip(
        "bulk",
        "create",
        write("sip_username,proxy,account_id\na,p.example.com,2\nb,p.example.com,987\n"),
        "--yes",
    )
    assert ended.code == 1
    assert "account 987: the key may not act for it, its rows will fail" in ended.err
