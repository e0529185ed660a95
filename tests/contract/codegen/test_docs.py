"""What generated docstrings say."""

import pytest

from tools.codegen import docs


@pytest.fixture
def text(parsed):
    """Return a function that documents a method of the small spec, whitespace evened out."""

    def document(name, *, blocking=False):
        spec = parsed()
        for operation in spec.groups[0].operations:
            for method in operation.methods:
                if method.name == name:
                    lines = docs.method(operation, method, dict(spec.errors), blocking=blocking)
                    return " ".join(" ".join(lines).split())
        raise LookupError(name)

    return document


def test_first_line_is_the_summary(text):
    assert text("buy").startswith("Buy a book. Costs money each time. Command: BuyBook.")


def test_roles_are_named_where_known(text):
    assert "Allowed roles: Owner, Call list manager." in text("buy")
    assert "roles" not in text("lend")


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("lend", "Safe to repeat"),
        ("delete", "Tried again if the reply is lost."),
        ("buy", "the effect is looked for with GetBooks before anything is sent again."),
    ],
)
def test_what_a_lost_reply_means(text, method, said):
    assert said in text(method)


def test_create_without_lookup_warns(documents, text):
    del documents["books"]["paths"]["/BuyBook"]["post"]["x-lookup"]
    assert "OutcomeUnknownError is raised and nothing is sent again." in text("buy")


def test_arguments_have_types_units_and_defaults(text):
    assert "price (Decimal): Most to pay." in text("buy")
    assert "since (datetime): First moment. An aware datetime, sent in UTC." in text("lend")
    assert "lent (bool): True lends, false takes back. The default is True." in text("lend")
    assert "book_id (Sequence[int]): Only these." in text("list")


def test_a_limit_is_told(text):
    assert "room (str): Room of the shelf. At most 20 characters." in text("buy")


def test_deadline_is_for_each_page_of_a_list(text):
    assert "deadline (float): Seconds for the whole call" in text("buy")
    assert "deadline (float): Seconds for each page" in text("list")


def test_conflicts_are_told(text):
    said = (
        "InvalidArgumentError: `shelf_id` and `shelf_name` together; `room` without `shelf_id` or"
        " `shelf_name`; or a value that its argument does not accept. Nothing was sent."
    )
    assert said in text("buy")


def test_conditions_are_told(text):
    said = (
        "No `book_id`, unless `lent` is False; `reader_id` without `until` or `since`, unless"
        " `lent` is False and `book_id` is absent; no `book_id` or `reader_id`, unless `lent`"
        " is True; or a value that its argument does not accept."
    )
    assert said in text("lend")


def test_variant_tells_only_the_conditions_that_remain(text):
    said = (
        "InvalidArgumentError: `reader_id` without `until` or `since`, unless `book_id` is absent;"
        " no `book_id` or `reader_id`; or a value that its argument does not accept. Nothing was sent."
    )
    assert said in text("give_back")
    assert "book_id (int): Book to take back." in text("give_back")


def test_errors_are_named(text):
    assert "APIError: The service refused. Among its numbers: 7 NO_SUCH_BOOK." in text("delete")


def test_only_the_async_pager_can_be_awaited(text):
    assert "A pager of Book: awaited" in text("list")
    assert "A pager of Book: iterated" in text("list", blocking=True)


def test_lines_fit(parsed):
    spec = parsed()
    for operation in spec.groups[0].operations:
        for method in operation.methods:
            lines = docs.method(operation, method, dict(spec.errors), blocking=False)
            assert max(map(len, lines)) <= docs.WIDTH
