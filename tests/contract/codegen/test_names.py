import pytest

from tools.codegen.names import class_name, constant, is_usable


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("GetSipRegistrations", "GET_SIP_REGISTRATIONS"),
        ("GetACDState", "GET_ACD_STATE"),
        ("SQ_SetAgentInfo", "SQ_SET_AGENT_INFO"),
        ("A2PSendSms", "A2P_SEND_SMS"),
        ("GetAuthorizedAccountIPs", "GET_AUTHORIZED_ACCOUNT_IPS"),
        ("AddWABPhoneNumber", "ADD_WAB_PHONE_NUMBER"),
        ("DelCallerID", "DEL_CALLER_ID"),
    ],
)
def test_constant(command, expected):
    assert constant(command) == expected


def test_class_name():
    assert class_name("sip_white_list") == "SipWhiteList"


@pytest.mark.parametrize(("name", "usable"), [("from", False), ("a-b", False), ("rule_id", True)])
def test_names_python_cannot_take(name, usable):
    assert is_usable(name) is usable
