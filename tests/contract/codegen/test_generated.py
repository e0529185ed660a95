"""What generated code does when it runs."""

import importlib
import inspect
from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest

from voxsip._generated._index import COMMAND_MODULES
from voxsip._protocol.structuring import structurer


@pytest.fixture
def books(package, recorder):
    return package.load("books.aio").AsyncBooks(recorder)


async def test_method_hands_on_command_arguments_reply_and_deadline(package, books, recorder):
    reply = package.load("books.models").BuyBookReply
    made = await books.buy(title="Emma", price=Decimal(7), pin="1234", deadline=2.5)
    assert made is reply
    [(command, values, asked, deadline)] = recorder.calls
    assert command is package.load("books.commands").BUY_BOOK
    assert {name: value for name, value in values.items() if value is not None} == {
        "title": "Emma",
        "price": Decimal(7),
        "pin": "1234",
    }
    assert list(values) == list(command.params)
    assert (asked, deadline) == (reply, 2.5)


def test_method_is_no_coroutine_function_of_its_own(books):
    # Its frame would keep the arguments, passwords among them, in a traceback.
    assert not inspect.iscoroutinefunction(books.buy)


@pytest.mark.parametrize("positional", [("Emma",), ("Emma", Decimal(7))])
def test_arguments_are_keyword_only(books, positional):
    with pytest.raises(TypeError):
        books.buy(*positional)


def test_required_arguments_have_no_default(books):
    with pytest.raises(TypeError, match="price"):
        books.buy(title="Emma")


def test_a_signature_begins_with_what_must_be_given():
    wrong = []
    for module in sorted({name.rpartition(".")[0] for name, _ in COMMAND_MODULES.values()}):
        for side in ("aio", "blocking"):
            members = vars(importlib.import_module(f"{module}.{side}"))
            for cls in [item for item in members.values() if isinstance(item, type)]:
                if cls.__module__ != f"{module}.{side}":
                    continue
                for name, method in inspect.getmembers(cls, inspect.isfunction):
                    parameters = list(inspect.signature(method).parameters.values())[1:]
                    optional = [item.default is not item.empty for item in parameters]
                    if optional != sorted(optional):
                        wrong.append(f"{cls.__name__}.{name}")
    assert wrong == []


async def test_variant_fixes_arguments(books, recorder):
    await books.give_back(book_id=3)
    [(command, values, _, deadline)] = recorder.calls
    assert command.name == "LendBook"
    assert values == {"book_id": 3, "reader_id": None, "lent": False}
    assert deadline is None
    assert not {"until", "since", "lent"} & inspect.signature(books.give_back).parameters.keys()


def test_list_gives_what_the_client_pages_with(package, books, recorder):
    pager = books.list(book_id=[1, 2], count=10)
    assert pager is package.load("books.models").Book
    [(command, values, _, _)] = recorder.calls
    assert command.paging.items == "result"
    assert command.paging.page_size == 50
    assert values["book_id"] == [1, 2]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("buy", {"title": "Emma", "price": Decimal(1)}),
        ("lend", {"book_id": 1, "until": date(2026, 1, 2)}),
        ("give_back", {"reader_id": 3}),
        ("delete", {"book_id": 1, "deadline": 1.0}),
    ],
)
def test_the_blocking_client_sends_the_same(package, books, recorder, runner, method, arguments):
    blocking = package.load("books.blocking").Books(books, runner)
    reply = getattr(blocking, method)(**arguments)
    getattr(books, method)(**arguments).close()
    first, second = recorder.calls
    assert first == second
    assert reply is first[2]


def test_blocking_signatures_and_docstrings_are_those_of_the_async_ones(package):
    aio, blocking = package.load("books.aio").AsyncBooks, package.load("books.blocking").Books
    for name in ("buy", "lend", "give_back", "delete", "list"):
        theirs, ours = getattr(aio, name), getattr(blocking, name)
        assert inspect.signature(ours).parameters == inspect.signature(theirs).parameters
        assert (
            inspect.getdoc(ours).split("Returns:")[0] == inspect.getdoc(theirs).split("Returns:")[0]
        )


def test_blocking_list_is_a_pager(package, books, runner):
    from voxsip._sync.pager import Pager

    assert isinstance(package.load("books.blocking").Books(books, runner).list(), Pager)


def test_blocking_method_with_a_secret_leaves_no_frame_of_its_own(package, books):
    class Broken:
        def run(self, coroutine):
            coroutine.close()
            raise RuntimeError("no")

    blocking = package.load("books.blocking").Books(books, Broken())
    with pytest.raises(RuntimeError) as caught:
        blocking.buy(title="Emma", price=Decimal(1), pin="marked-secret")
    assert all("marked-secret" not in str(entry.locals) for entry in caught.traceback[1:])


def test_model_is_built_from_a_reply(package):
    models = package.load("books.models")
    book = structurer(models.Book)(
        {
            "book_id": 1,
            "price": "7.10",
            "weight": 0.5,
            "bought": "2026-03-04 05:06:07",
            "date": "2025-12-31",
            "reader": {"reader_id": 4, "debt": 0.1, "unknown": True},
            "sequels": [{"book_id": 2}],
            "tags": ["a", "b"],
        }
    )
    assert book == models.Book(
        book_id=1,
        price=Decimal("7.10"),
        weight=0.5,
        bought=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        date=date(2025, 12, 31),
        reader=package.load("common.models").Reader(reader_id=4, debt=Decimal("0.1")),
        sequels=(models.Book(book_id=2),),
        tags=("a", "b"),
    )
    assert hash(book)


def test_model_is_frozen_slotted_and_keyword_only(package):
    book = package.load("books.models").Book
    made = book(book_id=1)
    assert made.book_title is None
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.book_id = 2
    with pytest.raises(TypeError):
        book(1)
    assert not hasattr(made, "__dict__")


def test_repr_of_a_model_shows_no_secret(package):
    reader = package.load("common.models").Reader(reader_id=1, pin="marked-secret")
    reply = package.load("books.models").BuyBookReply(result=1, book_id=2, receipt="marked-secret")
    assert "marked-secret" not in repr(reader) + repr(reply)
    assert (reader.pin, reply.receipt) == ("marked-secret", "marked-secret")


def test_groups_are_made_once_and_share_the_client(package, recorder, runner):
    class Client(package.load("_async_groups").AsyncGroups):
        _caller = recorder

    class SyncClient(package.load("_sync_groups").SyncGroups):
        _async = Client()
        _runner = runner

    client = SyncClient()
    assert client.books is client.books
    assert client.reading_rooms.get() is package.load("reading_rooms.models").GetRoomReply
    assert [command.name for command, *_ in recorder.calls] == ["GetRoom"]


def test_index_leads_to_every_command(package):
    index = package.load("_index")
    assert set(index.COMMAND_MODULES) >= {"BuyBook", "LendBook", "DropBook", "GetBooks", "GetRoom"}
    assert len(index.COMMAND_MODULES) == 11
    for name, (module, constant) in index.COMMAND_MODULES.items():
        found = getattr(package.load(module.removeprefix(f"{package.name}.")), constant)
        assert found.name == name


def test_index_knows_the_secrets_of_requests_and_replies(package):
    assert {"pin", "receipt"} == package.load("_index").SECRETS


def test_error_names(package):
    names = package.load("_error_names").NAMES
    assert names == {7: "NO_SUCH_BOOK", 12: "NO_MONEY", 100: "AUTHORIZATION_FAILED"}


def test_models_index_leads_to_every_model_in_use(package):
    models = package.load("_models_index").MODELS
    assert "Unused" not in models
    assert "GetBooksReply" not in models
    for name, module in models.items():
        assert getattr(package.load(module.removeprefix(f"{package.name}.")), name).__name__ == name


def test_commands_carry_what_the_spec_says(package):
    commands = package.load("books.commands")
    buy, drop, lend = commands.BUY_BOOK, commands.DROP_BOOK, commands.LEND_BOOK
    assert (buy.retry, drop.retry, lend.retry) == ("create", "delete", "idempotent")
    assert buy.params["price"] == "decimal"
    assert buy.required == {"title", "price"}
    assert buy.secret == {"pin"}
    assert buy.roles == ("Owner", "Call list manager")
    assert buy.exclusive == (frozenset({"shelf_id", "shelf_name"}),)
    assert buy.lookup.match == (("title", "book_title"),)
    assert drop.done == {7}
    assert lend.requires[1].unless == (("lent", False), ("book_id", None))
