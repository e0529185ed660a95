"""What a resumed job takes for a row's own purchase, and what leaves the row in doubt."""

import pytest

import voxsip
from voxsip.bulk._live.purchases import Purchases
from voxsip.models import SipRegistration

ROW = voxsip.CreateRequest(sip_username="alice", proxy="pbx.example.com")


@pytest.mark.parametrize("missing", ["sip_username", "proxy"])
def test_what_does_not_tell_its_name_may_be_any_rows(missing):
    members = {"sip_username": "bob", "proxy": "pbx.example.com"} | {missing: None}
    purchases = Purchases([1])
    purchases.offer(SipRegistration(sip_registration_id=1, **members))  # there before the job
    assert purchases.find(ROW) is None
    purchases.offer(SipRegistration(sip_registration_id=2, **members))
    error = purchases.find(ROW)
    assert isinstance(error, voxsip.OutcomeUnknownError)
    assert "registration 2 does not tell its name" in str(error)
    purchases.claimed.add(2)  # another row's after all
    assert purchases.find(ROW) is None
