"""`voxsip.ALL` is one thing, wherever it goes."""

import copy
import pickle

import pytest

import voxsip
from voxsip._protocol.encoding import ENCODERS


def test_all_stays_itself():
    assert pickle.loads(pickle.dumps(voxsip.ALL)) is voxsip.ALL  # noqa: S301 - ours
    assert copy.deepcopy(voxsip.ALL) is voxsip.ALL
    assert repr(voxsip.ALL) == "voxsip.ALL"


@pytest.mark.parametrize(
    "kind", sorted(ENCODERS.keys() - {"ints_or_all", "strs_or_all", "str_or_all"})
)
def test_all_is_refused_where_it_is_not_documented(kind):
    with pytest.raises((TypeError, ValueError)):
        ENCODERS[kind](voxsip.ALL)
