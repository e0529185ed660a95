"""The table for those who come from the vendor's Python client: complete, and true of both clients."""

import inspect
import re

import pytest

import voxsip
from tests.support.doc_pages import ROOT
from voxsip.spec.document import attributes, operations

PAGE = ROOT / "docs" / "migration.md"
ROW = re.compile(r"\| `(\w+)` \| `(\w+)` \| (`.+`) \|")


@pytest.fixture(scope="module")
def table():
    rows = [ROW.fullmatch(line) for line in PAGE.read_text().splitlines()]
    return {row[1]: (row[2], row[3].strip("`").split("`, `")) for row in rows if row}


def test_every_command_is_there_with_every_method(table):
    assert table.keys() == operations().keys()
    for command, operation in operations().items():
        names = [operation["x-method"], *operation.get("x-variants", ())]
        group = attributes()[command]
        assert table[command][1] == [f"client.{group}.{name}" for name in names], command


def test_both_clients_have_these_methods(table):
    for client in (voxsip.AsyncClient(token="t"), voxsip.Client(token="t")):
        for _, paths in table.values():
            for path in paths:
                _, group, method = path.split(".")
                assert callable(getattr(getattr(client, group), method))


@pytest.mark.vendor
def test_the_vendors_client_sends_these_commands(table):
    vendor = pytest.importorskip("voximplant.apiclient")
    theirs = {}
    for name, function in inspect.getmembers(vendor.VoximplantAPI, inspect.isfunction):
        for command in re.findall(r"_perform_request\('(\w+)'", inspect.getsource(function)):
            theirs[command] = name
    assert {command: name for command, (name, _) in table.items()} == theirs
