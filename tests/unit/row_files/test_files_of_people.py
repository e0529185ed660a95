"""Files as spreadsheets and other systems write them."""

import codecs

import pytest

from voxsip import BindRequest, CreateRequest, InvalidArgumentError
from voxsip._row_files import InputError, RowFile, columns
from voxsip._row_files.reading import Reading

pytestmark = pytest.mark.once

EXPORT = "Extension;Secret;Display Name;Context\r\n1001;s3cret;Ann;from-internal\r\n1002;x;Bob;\r\n"


@pytest.fixture
def read(tmp_path):
    """Give a function that writes a file and reads its rows; `read.note` is what was said of it."""

    def read(content, request=CreateRequest, name="rows.csv", **reading):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with RowFile(str(path), request, Reading(**reading)) as file:
            rows = file.check(on_conflict="order")
            read.note, read.lines = file.note, list(rows.lines)
            return list(rows)

    return read


def refused(read, content, **options):
    with pytest.raises((InputError, InvalidArgumentError)) as caught:
        read(content, **options)
    return str(caught.value)


def test_columns_of_another_system(read):
    rows = read(
        EXPORT,
        names={"Extension": "sip_username", "Secret": "password"},
        constants={"proxy": "pbx.example.com"},
        ignore_extra=True,
    )
    assert [(row.sip_username, row.proxy) for row in rows] == [
        ("1001", "pbx.example.com"),
        ("1002", "pbx.example.com"),
    ]
    assert rows[0].password.reveal() == "s3cret"


def test_a_header_is_mapped_whatever_its_case(read):
    names = {"extension": "sip_username", "SECRET": "password"}
    rows = read(EXPORT, names=names, constants={"proxy": "p"}, ignore_extra=True)
    assert [row.sip_username for row in rows] == ["1001", "1002"]
    assert rows[0].password.reveal() == "s3cret"


def test_registrations_that_were_bought_are_not_bought_again_on_advice(read):
    bought = "sip_registration_id,sip_username,proxy\n11,alice,p\n"
    text = refused(read, bought, request=CreateRequest)
    assert "column sip_registration_id: names registrations that were bought already" in text
    assert "--ignore-extra-columns" not in text


def test_integral_numbers_of_a_data_frame_in_jsonl(read):
    lines = '{"sip_registration_id": 7.0, "application_id": 1.0}\n'
    [row] = read(lines, request=BindRequest, name="rows.jsonl")
    assert (row.sip_registration_id, row.application_id) == (7, 1)
    for number in ("7.5", "9007199254740992.0", "1e300"):
        text = refused(read, lines.replace("7.0", number), request=BindRequest, name="rows.jsonl")
        assert "a fraction stands where a whole number is wanted" in text


def test_a_good_header_is_searched_for_no_misspelling(read, monkeypatch):
    monkeypatch.setattr(columns, "nearest", None)  # costs an import and a comparison per column
    [row] = read("Registration ID;app id\n7;1\n", request=BindRequest)
    assert row.sip_registration_id == 7


def test_never_silently_the_wrong_column(read):
    text = refused(read, EXPORT)
    assert "column Extension: there is no such column" in text
    assert "--map Extension=sip_username or --map Extension=user_name" in text
    assert "--map Secret=password" in text
    assert "--ignore-extra-columns" in text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"names": {"Extension": "sip_user"}},
            "map: Extension=sip_user: there is no column sip_user",
        ),
        ({"names": {"Ext": "sip_username"}, "ignore_extra": True}, "--map names a column 'Ext'"),
        (
            {
                "names": {"Extension": "sip_username", "Context": "proxy"},
                "constants": {"proxy": "p"},
                "ignore_extra": True,
            },
            "column Context: stands in the file, and --set proxy gives it for all rows",
        ),
        (
            {"constants": {"proxi": "p"}},
            "set: proxi=…: there is no column proxi; did you mean proxy?",
        ),
        ({"constants": {"password": "p"}}, "set: password is a secret"),
        ({"encoding": "klingon"}, "file_encoding: 'klingon' is not known"),
        ({"encoding": "rot13"}, "file_encoding: 'rot13' is not known"),
        ({"sheet": "Phones"}, "it is no workbook"),
        ({"ignore_extra": True}, "column sip_username: this column is missing"),
    ],
)
def test_what_cannot_be(read, options, words):
    assert words in refused(read, EXPORT, **options)


def test_a_file_without_a_header_is_no_file_of_columns_to_ignore(read):
    text = refused(read, "1,2\n3,4\n", request=BindRequest, ignore_extra=True)
    assert "this is not a header" in text


def test_our_own_report_needs_no_mapping(read):
    rows = read(
        "sip_username,proxy,row,status,error\nann,pbx,2,failed,no\n",
        names={"Extension": "sip_username"},
        constants={"proxy": "pbx.example.com"},
        ignore_extra=True,
    )
    assert rows == [CreateRequest(sip_username="ann", proxy="pbx")]


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("id|app id\n1|2\n", [1]),
        ('"sep=;"\nid;app id\n1;2\n', [1]),
        ("sep=|\nid|app id\n1|2\n", [1]),
        ("id,app id,,\n1,2,,\n2,2,,\n", [1, 2]),
        ("id,app id\n1,2,,\n", [1]),
        (",id,app id\n0,7,2\n1,8,2\n", [7, 8]),
        ("id,app id\n1.0,2.0\n", [1]),
    ],
)
def test_what_spreadsheets_and_data_frames_write(read, content, ids):
    rows = read(content, BindRequest)
    assert [row.sip_registration_id for row in rows] == ids
    assert {row.application_id for row in rows} == {2}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,,app id\n1,x,2\n", "column 2 has no name"),
        ("id,app id\n1,2,3\n", "there are 3 cells where the header has 2"),
        ("id,app id\n1.5,2\n", "1.5' is not a whole number"),
        ("id,app id\n12345678901234567.0,2\n", "is not a whole number"),
        ("id,app id,n\u00efx\x07\n1,2,3\n", "column n\u00efx?: there is no such column"),
    ],
)
def test_what_is_wrong_all_the_same(read, content, words):
    assert words in refused(read, content, request=BindRequest)


CYRILLIC = "sip_username,proxy,user_name,application_name\nann,p,Михаил Булгаков,Приложение\n"
WESTERN = (
    "sip_username,proxy,user_name,application_name\nann,p,José Núñez Müller,Büro für Straßen\n"
)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(CYRILLIC, "utf-16"), (CYRILLIC, "utf-8-sig"), (WESTERN, "utf-16-be-mark")],
)
def test_encodings_that_say_what_they_are(read, text, encoding):
    content = (
        codecs.BOM_UTF16_BE + text.encode("utf-16-be")
        if encoding == "utf-16-be-mark"
        else text.encode(encoding)
    )
    assert read(content)[0].user_name == text.split("\n")[1].split(",")[2]
    assert read.note is None


@pytest.mark.parametrize(
    ("text", "encoding"), [(CYRILLIC, "windows-1251"), (WESTERN, "windows-1252")]
)
def test_encodings_that_are_named_or_guessed_aloud(read, text, encoding):
    name = text.split("\n")[1].split(",")[2]
    assert read(text.encode(encoding), encoding=encoding)[0].user_name == name
    assert read.note is None
    assert read(text.encode(encoding))[0].user_name == name
    assert f"was read as {encoding}, a guess" in read.note


def test_what_may_be_either_is_not_guessed(read):
    text = refused(read, "sip_username,proxy,user_name\nann,p,Ñ\n".encode("windows-1252"))
    assert "rows.csv:2: column user_name: byte 0xD1 is not UTF-8" in text
    assert "--file-encoding" in text


def test_one_wrong_byte_among_right_ones_is_no_other_encoding(read):
    content = "sip_username,proxy,user_name\nann,p,Żółw\nbob,p,caf".encode() + b"\xe9\n"
    assert "byte 0xE9 is not UTF-8" in refused(read, content)


def test_what_is_not_the_encoding_that_was_named(read):
    assert "it is not utf-8" in refused(read, b"id,app id\n1,\xff\n", encoding="utf-8")


def workbook(path, *rows, sheet="Phones", first=()):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    for title in first:
        book.create_sheet(title, 0)
    book.save(path)
    return path.read_bytes()


def test_a_workbook(read, tmp_path):
    content = workbook(
        tmp_path / "made.xlsx",
        ["sip_username", "proxy", "password", "application", "is_persistent", None, None],
        [1001, "pbx.example.com", 12345, "app-1", True],
        [],
        ["ann", "pbx.example.com", 'pä,;"ss', None, False],
        first=["Other"],
    )
    rows = read(content, name="rows.xlsx", sheet="Phones")
    assert [(row.sip_username, row.application_name, row.is_persistent) for row in rows] == [
        ("1001", "app-1", True),
        ("ann", None, False),
    ]
    assert [row.password.reveal() for row in rows] == ["12345", 'pä,;"ss']
    assert read.lines == [2, 4], "rows of the sheet"
    assert "it has no sheet 'Nope'" in refused(read, content, name="rows.xlsx", sheet="Nope")
    assert "the file is empty" in refused(read, content, name="rows.xlsx")


def test_mistakes_in_a_workbook_have_their_place(read, tmp_path):
    content = workbook(
        tmp_path / "made.xlsx",
        ["id", "app id", "user"],
        [1, 2.5, "ann"],
        [2, 2, "two\nlines"],
    )
    text = refused(read, content, name="rows.xlsx", request=BindRequest)
    assert "rows.xlsx:2: column app id: '2.5' is not a whole number" in text
    assert "rows.xlsx:3: column user_name: holds U+2028 (a line break)" in text


def test_a_file_that_only_looks_like_a_workbook(read):
    assert "cannot be read as a workbook" in refused(read, b"PK\x03\x04 nothing", name="rows.xlsx")


def test_a_reading_from_a_file(tmp_path):
    path = tmp_path / "pbx.toml"
    path.write_text(
        'ignore_extra_columns = true\nencoding = "cp1251"\nsheet = "A"\n'
        '[map]\nExtension = "sip_username"\n[set]\nproxy = "p"\n'
    )
    assert Reading.from_toml(path).with_more(names=["Login=auth_user"]) == Reading(
        names={"Extension": "sip_username", "Login": "auth_user"},
        constants={"proxy": "p"},
        ignore_extra=True,
        encoding="cp1251",
        sheet="A",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("maps = 1\n", "unknown key 'maps'; known are map, set,"),
        ("map = 1\n", "map: expected a table"),
        ("[set]\nproxy = 1\n", 'set: expected texts, as in "name"'),
        ("=\n", "it is no TOML"),
        ("[set]\npassword = 'x'\n", "^columns: .*pbx.toml: set: password is a secret"),
        ("encoding = 'rot13'\n", "^columns: .*pbx.toml: encoding: 'rot13' is not known"),
    ],
)
def test_a_reading_that_cannot_be(tmp_path, content, words):
    path = tmp_path / "pbx.toml"
    path.write_text(content)
    with pytest.raises(InvalidArgumentError, match=words):
        Reading.from_toml(path)


@pytest.mark.parametrize("text", ["extension", "=sip_username", "extension="])
def test_a_pair_that_is_none(text):
    with pytest.raises(InvalidArgumentError, match=r"map: .*: expected HEADER=COLUMN"):
        Reading().with_more(names=[text])
