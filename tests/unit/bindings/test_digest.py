import pytest

from voxsip import BindRequest, CreateRequest, DeleteRequest
from voxsip._bindings.digest import new_checksum, row_digest


@pytest.mark.parametrize(
    ("row", "digest"),
    [
        (BindRequest(sip_registration_id=7, bind=False), "a9b4fb348438d7b551f49d27c70cd4dc"),
        (
            CreateRequest(
                sip_username="ann", proxy="sip.example.com", user_name="Änne", account_id=5
            ),
            "1c87e616ca70ea1772d92d8867ea1214",
        ),
        (DeleteRequest(sip_registration_id=2**63 - 1), "5a5f6a68f65592fd0f5b1f3e567dc728"),
    ],
)
def test_the_digest_of_a_row_stays_what_journals_hold(row, digest):
    assert row_digest(row).hex() == digest


def test_secrets_take_no_part():
    row = {"sip_username": "ann", "proxy": "sip.example.com"}
    digests = {
        row_digest(CreateRequest(**row)),
        row_digest(CreateRequest(**row, password="one")),
        row_digest(CreateRequest(**row, password="other")),
    }
    assert len(digests) == 1


def test_values_take_part_by_their_names():
    rows = [
        BindRequest(),
        BindRequest(user_id=1),
        BindRequest(rule_id=1),
        BindRequest(user_name="1"),
        BindRequest(user_id=1, bind=False),
        BindRequest(user_id=1, account_id=1),
    ]
    assert len(set(map(row_digest, rows))) == len(rows)


def test_a_checksum_counts_rows_and_their_order():
    def checksum(*rows):
        made = new_checksum()
        for row in rows:
            made.update(row_digest(row))
        return made.hexdigest()

    one, other = BindRequest(user_id=1), BindRequest(user_id=2)
    sums = {
        checksum(),
        checksum(one),
        checksum(one, other),
        checksum(other, one),
        checksum(one, one),
    }
    assert len(sums) == 5
    assert checksum(one, other) == checksum(BindRequest(user_id=1), other)
