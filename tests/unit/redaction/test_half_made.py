"""Tools that print locals show an object whose arguments are being refused: its repr works, and says little."""

import traceback

import pytest

import voxsip
from voxsip import webhooks

SECRET = "wrong-place"
REFUSED = {
    "client": lambda: voxsip.AsyncClient(token=SECRET, base_url="none"),
    "sync client": lambda: voxsip.Client(token=SECRET, rate_limit=-1),
    "shared rate": lambda: voxsip.SharedRate(f"postgresql://a:{SECRET}@b/c", rate=-1),
    "store of another kind": lambda: voxsip.SharedRate(f"mysql://a:{SECRET}@b/c"),
    "receiver": lambda: webhooks.Receiver(1, account_id=1, api_key=SECRET, salt=SECRET),
    "account": lambda: webhooks.Receiver(print, account_id="1", api_key=SECRET, salt=SECRET),
    "seen store": lambda: webhooks.MemorySeenStore(0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_traceback_with_locals(name):
    with pytest.raises(voxsip.VoxsipError) as caught:
        REFUSED[name]()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    own = [frame for frame in told.stack if frame.filename != __file__]
    assert own
    assert SECRET not in "".join(traceback.StackSummary.from_list(own).format())


@pytest.mark.parametrize(
    "cls", [voxsip.AsyncClient, voxsip.Client, voxsip.SharedRate, webhooks.Receiver]
)
def test_nothing_is_set_yet(cls):
    assert cls.__name__ in repr(cls.__new__(cls))
