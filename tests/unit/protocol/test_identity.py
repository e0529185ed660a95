"""When two purchases mean the same registration."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from voxsip._protocol.identity import are_near, fold_login, spellings

PLAIN = ("eve", "sip.example.com")


@pytest.mark.parametrize(
    "other",
    [
        ("Eve", "sip.example.com"),
        (" eve\t", "sip.example.com"),
        ("e\u200bve", "sip.example.com"),
        ("eve", "SIP.Example.com"),
        ("eve", " sip.example.com "),
        ("eve", "sip.example.com."),
        ("eve", "sip.example.com:5060"),
        ("eve", "sip.example.com.:5060"),
        ("eve", "sips:sip.example.com"),
    ],
    ids=str,
)
def test_another_spelling_is_near(other):
    assert fold_login(*other) == fold_login(*PLAIN)
    assert are_near([("sip_username", "eve", other[0]), ("proxy", PLAIN[1], other[1])])


@pytest.mark.parametrize(
    "other",
    [
        ("eve1", "sip.example.com"),
        ("e ve", "sip.example.com"),
        ("eve", "sip.example.com:5061"),
        ("eve", "sip2.example.com"),
        ("eve", "example.com"),
        ("sip:eve", "sip.example.com"),
    ],
    ids=str,
)
def test_another_name_is_different(other):
    assert fold_login(*other) != fold_login(*PLAIN)
    assert not are_near([("sip_username", "eve", other[0]), ("proxy", PLAIN[1], other[1])])


@pytest.mark.parametrize(
    ("one", "other"),
    [("jos\u00e9", "jose\u0301"), ("\uff41lice", "alice"), ("STRASSE", "stra\u00dfe")],
)
def test_unicode_forms_of_one_name_are_near(one, other):
    assert fold_login(one, "p") == fold_login(other, "p")
    assert fold_login("a", f"{one}.example") == fold_login("a", f"{other}.example")


def test_a_host_in_punycode_is_near():
    assert fold_login("a", "b\u00fccher.example") == fold_login("a", "xn--bcher-kva.example")


def test_values_that_are_no_text_are_equal_or_different():
    assert are_near([("count", 5, 5)])
    assert not are_near([("count", 5, 6)])
    assert not are_near([("sip_username", "eve", [])])


def test_a_value_that_is_not_told_may_be_any():
    assert are_near([("sip_username", "eve", None), ("proxy", "p", "p")])
    assert not are_near([("sip_username", "eve", None), ("proxy", "p", "q")])


def test_a_name_of_digits_may_come_as_a_number():
    assert are_near([("sip_username", "1001", 1001)])
    assert not are_near([("sip_username", "1001", 1002)])


@given(st.text(max_size=30), st.text(max_size=30))
def test_folding_is_done_once(sip_username, proxy):
    folded = fold_login(sip_username, proxy)
    assert fold_login(folded[0], "p")[0] == folded[0]


@given(st.text(max_size=30))
def test_what_services_make_of_a_name_is_among_its_spellings(name):
    ways = spellings(name)
    assert ways[0] == name
    assert {name.strip(), name.strip().lower()} <= set(ways)
    assert {unicodedata.normalize(form, name) for form in ("NFC", "NFD")} <= set(ways)
    assert len(ways) <= 24
