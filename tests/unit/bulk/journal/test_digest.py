from datetime import date
from decimal import Decimal

from hypothesis import given, strategies as st

from voxsip.bulk._journal.digest import InputChecksum, row_digest

PARAMS = st.dictionaries(
    st.text(max_size=5),
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.text()),
)


@given(PARAMS)
def test_order_and_absent_values_take_no_part(params):
    known = {name: value for name, value in reversed(params.items()) if value is not None}
    assert row_digest(known) == row_digest(params)


@given(PARAMS, st.text(), st.text())
def test_secrets_take_no_part(params, one, other):
    params.pop("password", None)
    secret = {"password"}
    assert row_digest({**params, "password": one}, secret) == row_digest(
        {"password": other, **params}, secret
    )
    assert row_digest({**params, "password": one}, secret) == row_digest(params)


def test_values_take_part_with_their_types():
    rows = [
        {"user_id": 1},
        {"user_id": "1"},
        {"user_id": True},
        {"user_name": "1"},
        {},
        {"user_id": date(2026, 1, 2)},
        {"user_id": Decimal("1.0")},
    ]
    assert len({row_digest(row) for row in rows}) == len(rows)


def test_what_json_cannot_hold_has_a_digest_too():
    assert row_digest({"user_id": 2**70}) != row_digest({"user_id": 2**71})
    assert row_digest({"user_name": "\ud800"}) == row_digest({"user_name": "\ud800"})


def test_a_checksum_counts_rows_and_their_order():
    def checksum(*rows):
        made = InputChecksum()
        for row in rows:
            made.add(row_digest(row))
        return made.rows, made.hexdigest()

    one, other = {"user_id": 1}, {"user_id": 2}
    sums = {
        checksum(),
        checksum(one),
        checksum(one, other),
        checksum(other, one),
        checksum(one, one),
    }
    assert len({text for _, text in sums}) == 5
    assert checksum(one, other) == checksum(dict(one), dict(other))
    assert checksum(one, other)[0] == 2
