"""What a plan that was begun allows for in the live state, and what it does not."""

import pytest

from voxsip.models import SipRegistration
from voxsip.plan._check import Check, Done
from voxsip.plan._live import Live
from voxsip.plan._model import Change

FIELDS = ("application_id", "user_id")
CREATION = Change(
    number=1, action="create", sip_username="new", proxy="p", fields=FIELDS, new=(None, None)
)
MOVE = Change(
    number=2,
    action="move",
    sip_username="new",
    proxy="p",
    created_by=1,
    after_change=(1,),
    fields=FIELDS,
    old=(None, None),
    new=(1, 13),
    takes=5,
)


def registration(number, name, user):
    return SipRegistration(
        sip_registration_id=number, sip_username=name, proxy="p", application_id=1, user_id=user
    )


def differences(holder, done, made=None):
    live = Live([registration(5, "old", None), registration(33, holder, 13)])
    return list(Check([CREATION, MOVE], live, done, made or {}).differences())


def test_a_user_may_be_at_what_the_plan_made_though_the_process_died_before_it_wrote_that_down():
    assert differences("new", {1: Done.MAYBE, 2: Done.MAYBE}) == []
    assert differences("new", {1: Done.YES, 2: Done.MAYBE}, {1: 33}) == []


@pytest.mark.parametrize(
    ("holder", "done"),
    [("another", {1: Done.MAYBE, 2: Done.MAYBE}), ("new", {1: Done.MAYBE, 2: Done.NOT})],
)
def test_he_may_be_nowhere_else(holder, done):
    assert differences(holder, done) == [
        "user 13 is at registration 33, and was at registration 5 when the plan was made"
    ]
