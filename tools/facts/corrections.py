"""What the facts say in words or leave to judgement, by command."""

from __future__ import annotations

SECRET_PARTS = ("password", "secret_value", "client_secret", "private_key", "api_key", "salt")
SECRETS = {
    *("json_credentials", "cert_content", "server_key", "service_account_file"),
    *("verification_code", "media_session_access_url", "media_session_access_secure_url"),
}

PARAM_TYPES = {
    ("CreateCallList", "start_at"): "unix",
    ("EditCallList", "start_at"): "unix",
    ("SetKeyValueItem", "expires_at"): "unix",
    ("SQ_BindAgent", "sq_queue_id"): "intlist",
    ("AddDialogflowKey", "application_id"): "number",
}
"""Types other than those of the typings; ids are numbers in all sibling commands."""
RETURN_TYPES = {
    ("AppendToCallList", "batch_id"): "string",
    ("GetKeyValueItems", "result"): "[KeyValueItems]",
    ("GetKeyValueKeys", "result"): "[KeyValueKeys]",
    ("SQ_GetQueues", "result"): "[GetSQQueuesResult]",
    ("SQ_GetSkills", "result"): "[GetSQSkillsResult]",
    ("SQ_GetAgents", "result"): "[GetSQAgentsResult]",
    ("GetAccountInvoices", "result"): "[AccountInvoice]",
    ("GetRecordStorages", "result"): "[RecordStorageInfoType]",
    ("CreateKey", "result"): "KeyInfo",
    ("AddSecret", "result"): "AddSecretResult",
    ("GetSecretValue", "result"): "GetSecretValueResult",
}
EITHER = {("CreateKey", "result"), ("AddSecret", "result"), ("GetSecretValue", "result")}
"""One object, which the typings describe as an array of one."""

REQUIRED = {
    ("AddAuthorizedAccountIP", "authorized_ip"),
    ("LinkregulationAddress", "regulation_address_id"),
    ("AddSecret", "secret_name"),
    ("AddSecret", "secret_value"),
}
"""Required by the typings, and without which the command means nothing."""
NEED_ONE = {
    "LinkregulationAddress": [["phone_id", "phone_number"]],
    "CancelCallListTask": [["tasks_ids", "tasks_uuids"]],
    "DeleteRecord": [["record_url", "record_id"]],
    "DelCallerID": [["callerid_id", "callerid_number"]],
    "CreateKey": [["role_id", "role_name"]],
    "AddSubUser": [["role_id", "role_name"]],
}
SKIP_NEED_ONE = {"GetSipRegistrations"}
"""The page contradicts itself and its samples: every filter is optional."""

RENAMES = {"SetRuleInfo", "UpdateKey"}
"""Their `..._name` is the new name, not another way to say which one."""

HIDDEN = {
    "DeleteCallList": ["account_id"],
    "GetSmartQueueRealtimeMetrics": ["timezone"],
    "GetSmartQueueDayHistory": ["timezone"],
    "RequestSmartQueueHistory": ["timezone"],
    "GetSQState": ["timezone"],
}
"""Not offered: `account_id` in place of a list would mean all of them; times of replies are read as UTC."""
FORM = {"AddScenario", "SetScenarioInfo", "SetKeyValueItem", "SendSmsMessage", "A2PSendSms"}
"""Sent as a form even without a secret: texts that may be long, or that belong in no access log."""
LOOKUPS: dict[str, dict[str, object]] = {
    "AddApplication": {"id": "application_id", "since": "modified"},
    "AddUser": {
        "id": "user_id",
        "since": "created",
        "filters": {
            "user_name": "user_name",
            "application_id": "application_id",
            "application_name": "application_name",
        },
    },
    "AddScenario": {"id": "scenario_id", "since": "modified"},
    "AddRule": {
        "match": {"rule_name": "rule_name"},
        "id": "rule_id",
        "since": "modified",
        "filters": {
            "rule_name": "rule_name",
            "application_id": "application_id",
            "application_name": "application_name",
        },
    },
    "AddPstnBlackListItem": {"id": "pstn_blacklist_id", "since": None},
    "AddQueue": {"id": "acd_queue_id", "since": "created"},
    "AddSkill": {"id": "skill_id", "since": None},
    "CreateSipRegistration": {"id": "sip_registration_id", "since": "purchase_date"},
    "AttachPhoneNumber": {
        "id": "phone_id",
        "since": "phone_purchase_date",
        "again": False,
        "within": "phone_numbers[]",
    },
    "CreateCallList": {
        "match": {"name": "list_name", "rule_id": "rule_id"},
        "id": "list_id",
        "since": "dt_submit",
        "filters": {"name": "name"},
        "again": False,
    },
    "AddSecret": {
        "id": "secret_id",
        "since": "created",
        "filters": {
            "secret_name": "secret_name_part",
            "application_id": "application_id",
            "application_name": "application_name",
        },
        "again": False,
        "within": "result",
    },
    "SQ_AddQueue": {
        "id": "sq_queue_id",
        "since": "created",
        "filters": {
            "sq_queue_name": "sq_queue_name",
            "application_id": "application_id",
            "application_name": "application_name",
        },
        "again": False,
        "within": "result",
    },
    "SQ_AddSkill": {
        "id": "sq_skill_id",
        "since": "created",
        "filters": {
            "sq_skill_name": "sq_skill_name",
            "application_id": "application_id",
            "application_name": "application_name",
        },
        "again": False,
        "within": "result",
    },
}
"""How a create is looked up, if the reply can be made of what is found; the table says the rest.

Left out on purpose, so that a lost reply stays "outcome unknown"; docs/retries.md tells users why for each that costs: messages
(their history knows neither text nor moment), plans (the one that is there may have been there), tasks, sessions, reports
(two orders look the same), keys (their private half is shown once), networks (their descriptions differ), numbers and addresses
that have no id to be told by.
"""


def is_secret(name: str) -> bool:
    """Returns whether a parameter or member of this name must not show."""
    return name in SECRETS or any(part in name for part in SECRET_PARTS)
