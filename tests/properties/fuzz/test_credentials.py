"""Whatever stands in a credentials file: an account, or a ConfigurationError that quotes none of it."""

import json

import pytest
from hypothesis import example, given, strategies as st

import voxsip
from tests.support.example_count import examples
from voxsip.emulator._service.keys import key_pair

MARK = "MARKEDkeyMATERIAL"
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.just(MARK)
)
FIELDS = ["account_id", "key_id", "private_key", "account_email", "more"]
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=5,
)


def pem(kind, body, newline):
    return newline.join([f"-----BEGIN {kind}-----", body, f"-----END {kind}-----", ""])


@st.composite
def keys(draw):
    """The right key with some of it cut out, doubled or changed; or something in its clothes."""
    good = key_pair().private
    if draw(st.booleans()):
        start = draw(st.integers(0, len(good) - 1))
        end = draw(st.integers(start, min(len(good), start + 200)))
        return good[:start] + draw(st.sampled_from(["", MARK, "\n", "\0", "é"])) + good[end:]
    kinds = ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY", "CERTIFICATE"]
    bodies = ["", MARK, "AAAA", "MIIE" + "A" * 60]
    return pem(
        draw(st.sampled_from(kinds)),
        draw(st.sampled_from(bodies)),
        draw(st.sampled_from(["\n", " "])),
    )


OBJECTS = st.builds(
    lambda base, key: {**base, "private_key": key},
    st.fixed_dictionaries({"account_id": st.just(1), "key_id": st.just("k")}),
    keys() | SCALARS,
)
FILES = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    OBJECTS.map(lambda value: json.dumps(value).encode()),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("credentials") / "credentials.json"
    path.touch(mode=0o600)
    return path


@examples(80)
@given(content=FILES)
@example(content=b"\xef\xbb\xbf{}")
@example(content=b"[" * 10_000)
@example(content=json.dumps({"account_id": 10**30, "key_id": "k", "private_key": "x"}).encode())
@example(content=json.dumps({"account_id": "\u0661", "key_id": 5, "private_key": [MARK]}).encode())
def test_any_file(file, content):
    file.write_bytes(content)
    try:
        account = voxsip.ServiceAccount.from_file(file)
    except voxsip.ConfigurationError as error:
        said = str(error)
    else:
        said = repr(account)
        assert account.signer.sign({"iss": "1"}).count(".") == 2
    assert MARK not in said
    assert key_pair().private[100:140] not in said
    assert len(said) < 1000


@examples(60)
@given(data=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_mapping(data):
    try:
        made = repr(voxsip.ServiceAccount.from_mapping(data))
    except voxsip.ConfigurationError as error:
        made = str(error)
    assert MARK not in made.replace(f"key_id={MARK!r}", "")
