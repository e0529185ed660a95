"""The generator refuses a spec that does not hold together, and says where."""

import pytest

from tools.codegen.documents import SpecError


def operation(documents, name, stem="books"):
    return documents[stem]["paths"][f"/{name}"]["post"]


def parameter(documents, command, name):
    found = operation(documents, command)["parameters"]
    return next(entry for entry in found if entry["name"] == name)


def schema(documents, name, stem="books"):
    return documents[stem]["components"]["schemas"][name]


def unknown_extension(documents):
    operation(documents, "BuyBook")["x-retyr"] = "create"


def unknown_retry_class(documents):
    operation(documents, "BuyBook")["x-retry"] = "sometimes"


def path_of_another(documents):
    operation(documents, "BuyBook")["operationId"] = "SellBook"


def no_method(documents):
    del operation(documents, "BuyBook")["x-method"]


def pair_of_one(documents):
    operation(documents, "BuyBook")["x-exclusive"] = [["shelf_id"]]


def pair_of_strangers(documents):
    operation(documents, "BuyBook")["x-exclusive"] = [["shelf_id", "nobody"]]


def requirement_of_strangers(documents):
    operation(documents, "BuyBook")["x-requires"] = [{"when": ["nobody"], "any_of": ["title"]}]


def requirement_of_nothing(documents):
    operation(documents, "BuyBook")["x-requires"] = [{"when": ["title"], "any_of": []}]


def unknown_error_number(documents):
    operation(documents, "BuyBook")["x-errors"] = [999]


def unique_without_create(documents):
    operation(documents, "DropBook")["x-unique"] = 7


def done_unknown(documents):
    operation(documents, "DropBook")["x-done"] = [999]


def lookup_without_create(documents):
    buy = operation(documents, "BuyBook")
    buy["x-retry"] = "idempotent"


def lookup_in_no_list(documents):
    operation(documents, "BuyBook")["x-lookup"]["command"] = "LendBook"


def lookup_by_no_filter(documents):
    operation(documents, "BuyBook")["x-lookup"]["match"] = {"title": "price"}


def lookup_by_no_argument(documents):
    operation(documents, "BuyBook")["x-lookup"]["match"] = {"nobody": "book_title"}


def lookup_of_no_member(documents):
    operation(documents, "BuyBook")["x-lookup"]["since"] = "nobody"


def pages_without_offset(documents):
    listed = operation(documents, "GetBooks")
    listed["parameters"] = [entry for entry in listed["parameters"] if entry["name"] != "offset"]


def variant_drops_strangers(documents):
    operation(documents, "LendBook")["x-variants"]["give_back"]["drop"] = ["nobody"]


def variant_describes_what_it_drops(documents):
    operation(documents, "LendBook")["x-variants"]["give_back"]["params"] = {"until": "Text."}


def variant_named_as_another_method(documents):
    variants = operation(documents, "LendBook")["x-variants"]
    variants["delete"] = variants.pop("give_back")


def words_of_a_number(documents):
    parameter(documents, "BuyBook", "shelf_id")["schema"]["enum"] = ["one"]


def no_words_at_all(documents):
    parameter(documents, "BuyBook", "room")["schema"]["enum"] = []


def bounds_of_a_text(documents):
    parameter(documents, "BuyBook", "room")["schema"]["minimum"] = 1


def parameter_named_as_python_does(documents):
    parameter(documents, "BuyBook", "room")["name"] = "from"


def parameter_named_as_ours(documents):
    parameter(documents, "BuyBook", "room")["name"] = "deadline"


def parameter_in_the_header(documents):
    parameter(documents, "BuyBook", "title")["in"] = "header"


def parameter_of_unknown_format(documents):
    parameter(documents, "BuyBook", "title")["schema"]["format"] = "uuid"


def list_joined_otherwise(documents):
    parameter(documents, "GetBooks", "book_id")["schema"]["x-join"] = ","


def list_of_dates(documents):
    items = {"type": "string", "format": "date"}
    parameter(documents, "GetBooks", "book_id")["schema"]["items"] = items


def model_named_as_a_group(documents):
    books = documents["books"]["components"]["schemas"]
    books["Books"] = books["Book"]
    books["GetBooksReply"]["properties"]["result"]["items"]["$ref"] = "#/components/schemas/Books"


def member_named_as_python_does(documents):
    schema(documents, "Book")["properties"]["two words"] = {
        "type": "string",
        "description": "Text.",
    }


def member_named_as_its_type(documents):
    schema(documents, "Book")["properties"]["int"] = {"type": "string", "description": "Text."}


def member_of_unknown_type(documents):
    schema(documents, "Book")["properties"]["tags"] = {"type": "object", "description": "Text."}


def required_but_not_described(documents):
    schema(documents, "Book")["required"] = ["nobody"]


def no_description(documents):
    del schema(documents, "Book")["description"]


def description_that_ends_a_docstring(documents):
    schema(documents, "Book")["description"] = 'Text """ text.'


def reference_into_another_group(documents):
    member = schema(documents, "GetRoomReply", "reading_rooms")["properties"]["keeper"]
    member["$ref"] = "books.json#/components/schemas/Book"


def reference_to_nothing(documents):
    schema(documents, "Book")["properties"]["reader"]["$ref"] = "#/components/schemas/Nobody"


def model_described_twice(documents):
    schemas = documents["reading_rooms"]["components"]["schemas"]
    schemas["Book"] = schemas["GetRoomReply"]
    operation(documents, "GetRoom", "reading_rooms")["responses"]["200"]["content"][
        "application/json"
    ]["schema"]["$ref"] = "#/components/schemas/Book"


def command_described_twice(documents):
    documents["shelves"] = documents["reading_rooms"]


def no_error_names(documents):
    del documents["errors"]


def error_numbers_in_words(documents):
    documents["errors"]["seven"] = "NO_SUCH_BOOK"


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (unknown_extension, "BuyBook/post: unknown: x-retyr"),
        (unknown_retry_class, "x-retry: must be one of"),
        (path_of_another, "path and operationId differ"),
        (no_method, "x-method is missing"),
        (pair_of_one, "two parameters or more"),
        (pair_of_strangers, "two parameters or more"),
        (requirement_of_strangers, "nobody"),
        (requirement_of_nothing, "must name parameters"),
        (unknown_error_number, "999"),
        (unique_without_create, "x-unique"),
        (done_unknown, "x-done"),
        (lookup_without_create, "x-lookup and x-unique are for create"),
        (model_named_as_a_group, "class of a group and model described twice: Books"),
        (lookup_in_no_list, "LendBook is no list command"),
        (lookup_by_no_filter, "no such members"),
        (lookup_by_no_argument, "parameters of the command"),
        (lookup_of_no_member, "no such members"),
        (pages_without_offset, "count and offset"),
        (variant_drops_strangers, "give_back"),
        (variant_describes_what_it_drops, "that the method has"),
        (variant_named_as_another_method, "described twice: delete"),
        (words_of_a_number, "enum: is for texts"),
        (no_words_at_all, "names at least one"),
        (bounds_of_a_text, "minimum: is for numbers"),
        (parameter_named_as_python_does, "from cannot be the name"),
        (parameter_named_as_ours, "deadline cannot be the name"),
        (parameter_in_the_header, "into the query"),
        (parameter_of_unknown_format, "no such wire type"),
        (list_joined_otherwise, "joined by ';'"),
        (list_of_dates, "integers or strings"),
        (member_named_as_python_does, "Book/properties/two words: cannot be the name"),
        (member_named_as_its_type, "Book/properties/int: cannot be the name"),
        (member_of_unknown_type, "no such wire type"),
        (required_but_not_described, "nobody"),
        (no_description, "description is missing"),
        (description_that_ends_a_docstring, "triple quotes"),
        (reference_into_another_group, "belongs into common.json"),
        (reference_to_nothing, "Nobody is missing"),
        (model_described_twice, "model described twice: Book"),
        (command_described_twice, "command described twice: GetRoom"),
        (no_error_names, "errors.json is missing"),
        (error_numbers_in_words, "errors.json"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_broken_spec_is_refused(documents, parsed, breaking, said):
    breaking(documents)
    with pytest.raises(SpecError) as caught:
        parsed()
    assert said in str(caught.value)


def test_error_names_file_and_place(documents, parsed):
    operation(documents, "BuyBook")["x-retry"] = "sometimes"
    with pytest.raises(SpecError, match=r"^books\.json: paths//BuyBook/post/x-retry: must be"):
        parsed()


def test_shared_models_are_those_in_use(parsed):
    assert [model.name for model in parsed().shared] == ["Reader"]


def test_groups_come_in_order_of_their_names(parsed):
    assert [group.class_name for group in parsed().groups] == [
        "Books",
        "Catalogues",
        "ReadingRooms",
    ]
