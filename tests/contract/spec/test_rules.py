"""What may, must and must not be given together, as the generated commands apply it."""

import importlib

import pytest

from voxsip._errors import InvalidArgumentError
from voxsip._generated._index import COMMAND_MODULES
from voxsip.spec.document import operations


def command(name):
    module, constant = COMMAND_MODULES[name]
    return getattr(importlib.import_module(module), constant)


ACCEPTED = [
    ("BindSipRegistration", {"sip_registration_id": 1, "application_id": 2}),
    ("BindSipRegistration", {"sip_registration_id": 1, "rule_id": 2}),
    ("BindSipRegistration", {"sip_registration_id": 1, "application_name": "a", "user_id": 3}),
    ("BindSipRegistration", {"user_id": 3, "bind": False}),
    ("BindSipRegistration", {"user_name": "u", "application_id": 1, "bind": False}),
    ("BindSipRegistration", {"sip_registration_id": 1, "bind": False}),
    ("CreateSipRegistration", {"sip_username": "a", "proxy": "b"}),
    ("CreateSipRegistration", {"sip_username": "a", "proxy": "b", "rule_id": 1}),
    ("UpdateSipRegistration", {"sip_registration_id": 1, "rule_name": "r", "application_id": 2}),
    ("GetSipRegistrations", {}),
    ("GetSipRegistrations", {"user_id": [1], "rule_id": [2]}),
    ("GetUsers", {}),
    ("GetUsers", {"application_name": "a"}),
    ("GetApplications", {"application_id": 1, "application_name": "a"}),
    ("GetRules", {"rule_name": "r"}),
    ("DelUser", {"user_id": [1, 2]}),
    ("DelUser", {"user_name": ["u"], "application_id": 1}),
    ("SetUserInfo", {"user_id": 1, "user_display_name": "U"}),
    ("DelApplication", {"application_name": ["a"]}),
    ("SetApplicationInfo", {"required_application_name": "a", "application_name": "b"}),
    ("AddRule", {"rule_name": "r", "rule_pattern": ".*", "application_id": 1}),
    ("GetAccountInfo", {}),
    ("GetSubscriptionPrice", {"subscription_template_type": "SIP_REGISTRATION"}),
    ("ReorderRules", {"rule_id": [2, 1]}),
    ("DelSipWhiteListItem", {"sip_whitelist_id": 1}),
]

REFUSED = [
    ("BindSipRegistration", {"application_id": 2}, "sip_registration_id"),
    ("BindSipRegistration", {"application_id": 2, "bind": True}, "sip_registration_id"),
    ("BindSipRegistration", {"sip_registration_id": 1, "user_id": 3}, "application_id"),
    ("BindSipRegistration", {"sip_registration_id": 1, "rule_name": "r"}, "application_id"),
    ("BindSipRegistration", {"user_name": "u", "bind": False}, "application_id"),
    ("BindSipRegistration", {"application_id": 1, "bind": False}, "user_id"),
    (
        "BindSipRegistration",
        {"sip_registration_id": 1, "user_id": 3, "bind": False},
        "application_id",
    ),
    (
        "BindSipRegistration",
        {"sip_registration_id": 1, "application_id": 1, "application_name": "a"},
        "not both",
    ),
    ("CreateSipRegistration", {"sip_username": "a"}, "proxy"),
    ("CreateSipRegistration", {"sip_username": "a", "proxy": "b", "user_id": 1}, "application_id"),
    (
        "CreateSipRegistration",
        {"sip_username": "a", "proxy": "b", "rule_id": 1, "rule_name": "r"},
        "not both",
    ),
    ("UpdateSipRegistration", {"sip_username": "a"}, "sip_registration_id"),
    ("UpdateSipRegistration", {"sip_registration_id": 1, "user_name": "u"}, "application_id"),
    ("GetSipRegistrations", {"application_id": [1], "application_name": ["a"]}, "not both"),
    ("GetUsers", {"application_id": 1, "application_name": "a"}, "not both"),
    ("DelUser", {"application_id": 1}, "user_id"),
    ("DelUser", {"user_name": ["u"]}, "application_id"),
    ("DelUser", {"user_id": [1], "user_name": ["u"]}, "not both"),
    ("SetUserInfo", {"user_display_name": "U"}, "user_id"),
    ("DelApplication", {}, "application_id"),
    ("SetApplicationInfo", {"application_name": "b"}, "required_application_name"),
    ("AddRule", {"rule_name": "r", "rule_pattern": ".*"}, "application_id"),
    ("DelRule", {"application_id": [1]}, "rule_id"),
    ("DelRule", {"rule_name": ["r"]}, "application_id"),
    ("SetRuleInfo", {"rule_name": "r"}, "rule_id"),
    ("SetSipWhiteListItem", {"sip_whitelist_id": 1}, "sip_whitelist_network"),
]


@pytest.mark.parametrize(("name", "given"), ACCEPTED)
def test_accepted(name, given):
    command(name).check(given)


@pytest.mark.parametrize(("name", "given", "said"), REFUSED)
def test_refused(name, given, said):
    with pytest.raises(InvalidArgumentError, match=said):
        command(name).check(given)


def test_no_text_says_that_all_may_be_left_out_if_something_must_be_given():
    wrong = [
        name
        for name, operation in operations().items()
        if "may be left out" in operation.get("description", "")
        and (
            any(parameter.get("required") for parameter in operation["parameters"])
            or any(not rule["when"] for rule in operation.get("x-requires", ()))
        )
    ]
    assert wrong == []
