"""What generated code does with files, JSON text, all, single pages and odd names."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from voxsip import ALL, InvalidArgumentError
from voxsip._generated import _index
from voxsip._protocol.structuring import structurer
from voxsip._redaction.text import is_secret_name


@pytest.fixture
def commands(package):
    return package.load("catalogues.commands")


@pytest.fixture
def models(package):
    return package.load("catalogues.models")


@pytest.fixture
def catalogues(package, recorder):
    return package.load("catalogues.aio").AsyncCatalogues(recorder)


@pytest.mark.parametrize(
    ("values", "encoded"),
    [
        ({"damp": 0.25}, "damp=0.25"),
        ({"damp": 1}, "damp=1"),
        ({"opens_at": datetime(2026, 1, 2, tzinfo=UTC)}, "opens_at=1767312000"),
        ({"opens_at": 1767312000}, "opens_at=1767312000"),
        ({"layout": [{"shelf": "a&b"}]}, "layout=%5B%7B%22shelf%22%3A%22a%26b%22%7D%5D"),
        ({"layout": "[1]"}, "layout=%5B1%5D"),
    ],
)
def test_arguments_on_the_wire(commands, values, encoded):
    assert commands.ADD_CATALOGUE.encode({"name": "a", **values}) == f"name=a&{encoded}"


@pytest.mark.parametrize(
    "values",
    [
        {"damp": "wet"},
        {"damp": float("nan")},
        {"damp": True},
        {"opens_at": datetime(2026, 1, 2)},  # noqa: DTZ001 - that is the point
        {"opens_at": date(2026, 1, 2)},
        {"layout": "{"},
        {"layout": {1, 2}},
    ],
)
def test_wrong_arguments_name_the_field(commands, values):
    with pytest.raises(InvalidArgumentError) as caught:
        commands.ADD_CATALOGUE.encode({"name": "a", **values})
    assert caught.value.field in values


def test_file_is_read_and_left_out_of_the_text(commands, tmp_path):
    path = tmp_path / "page one.csv"
    path.write_bytes(b"a;b")
    values = {"catalogue_id": 1, "scan": path}
    assert commands.ADD_SCAN.encode(values).strip("&") == "catalogue_id=1"
    assert commands.ADD_SCAN.contents(values) == {"scan": ("page one.csv", b"a;b")}
    assert commands.ADD_SCAN.contents({"scan": b"x"}) == {"scan": ("scan", b"x")}


@pytest.mark.parametrize("value", [Path("nowhere.csv"), Path(), "text", 7])
def test_what_is_no_file_is_refused(commands, value):
    with pytest.raises(InvalidArgumentError) as caught:
        commands.ADD_SCAN.encode({"catalogue_id": 1, "scan": value})
    assert caught.value.field == "scan"


def test_missing_file_is_missed(commands):
    with pytest.raises(InvalidArgumentError, match="scan is required"):
        commands.ADD_SCAN.encode({"catalogue_id": 1})


@pytest.mark.parametrize("name", ["catalogue_id", "catalogue_name", "wing"])
def test_all_is_sent_when_confirmed(commands, name):
    drop = commands.DROP_CATALOGUES
    assert drop.encode({name: ALL, "confirm_all": True}) == f"{name}=all"
    with pytest.raises(InvalidArgumentError, match="confirm_all=True") as caught:
        drop.encode({name: ALL, "confirm_all": False})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("catalogue_id", []),
        ("catalogue_id", ()),
        ("catalogue_id", "all"),
        ("catalogue_id", ["all"]),
        ("catalogue_name", ["all"]),
        ("catalogue_name", ["a", "ALL"]),
        ("catalogue_name", []),
        ("wing", "all"),
        ("wing", "All"),
    ],
)
def test_all_is_never_sent_by_accident(commands, name, value):
    with pytest.raises(InvalidArgumentError) as caught:
        commands.DROP_CATALOGUES.encode({name: value, "confirm_all": True})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("values", "single"),
    [
        ({"catalogue_id": [1]}, True),
        ({"catalogue_id": 1}, True),
        ({"catalogue_id": [1, 2]}, False),
        ({"catalogue_name": ALL}, False),
        ({"catalogue_name": ["a"]}, True),
        ({}, True),
    ],
)
def test_single_target(commands, values, single):
    assert commands.DROP_CATALOGUES.has_single_target(values) == single


def test_odd_names_and_shapes(models):
    one = {"catalogue_id": 1, "from": "2026-01-02", "opened": 0}
    for result in (one, [one]):
        found = structurer(models.AddCatalogueReply)({"result": result}).result
        assert found.from_ == date(2026, 1, 2)
        assert found.opened == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises((TypeError, ValueError, KeyError)):
        structurer(models.AddCatalogueReply)({"result": [one, one]})


def test_methods_fix_and_hide_arguments(catalogues, recorder):
    catalogues.list(room="a")
    catalogues.download_list(room="a")
    catalogues.list_wings()
    (_, listed, item, _), (_, downloaded, *_), (wings, nothing, plain, _) = recorder.calls
    assert (listed["output"], downloaded["output"]) == ("json", "csv")
    assert not {"is_async"} & (listed.keys() | downloaded.keys())
    assert (wings.paging.page_size, nothing, plain) == (None, {}, str)
    assert item.__name__ == "Catalogue"


def test_secrets_of_the_spec_are_known_by_their_names():
    assert [name for name in _index.SECRETS if not is_secret_name(name)] == []
    assert frozenset() == _index.PUBLIC
    assert not is_secret_name("secret_id")
