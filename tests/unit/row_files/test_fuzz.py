"""Whatever the bytes: rows, or an InputError."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from voxsip import BindRequest, CreateRequest
from voxsip._row_files import InputError, RowFile

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(
    ["sip_registration_id", "id", "app", "user_id", "user", "bind", "status", "sip_username",
     "proxy", "password", "nope", "", "application_name"]
)  # fmt: skip
CELLS = st.one_of(
    st.sampled_from(["", " ", "1", "7", "true", "no", '"', '""', '"a', 'a"b', "\r", "1e5", "\0"]),
    st.text(max_size=8),
)


def lines(draw):
    delimiter = draw(st.sampled_from(",;\t"))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    records = [draw(st.lists(NAMES, min_size=1, max_size=5))]
    records += draw(st.lists(st.lists(CELLS, max_size=6), max_size=8))
    return newline.join(delimiter.join(record) for record in records)


CSV = st.composite(lines)().map(lambda text: text.encode("utf-8", "surrogatepass"))
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)
JSONL = st.lists(st.dictionaries(NAMES, JSON_VALUES, max_size=4), max_size=5)


def read(content, suffix, request):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{suffix}"
        path.write_bytes(content)
        with contextlib.suppress(InputError), RowFile(str(path), request) as file:
            checked = file.check()
            rows = list(checked)
            assert len(rows) == len(checked) == len(checked.lines)
            assert all(isinstance(row, request) for row in rows)


@pytest.mark.parametrize("request_class", [BindRequest, CreateRequest])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ""])
@settings(max_examples=150)
@given(content=st.binary(max_size=200) | CSV)
def test_bytes(content, suffix, request_class):
    read(content, suffix, request_class)


@pytest.mark.parametrize("request_class", [BindRequest, CreateRequest])
@settings(max_examples=150)
@given(objects=JSONL)
def test_json(objects, request_class):
    import json

    read("\n".join(map(json.dumps, objects)).encode(), ".jsonl", request_class)
