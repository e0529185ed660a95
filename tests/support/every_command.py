"""Arguments for every command, and what has to be there first: each succeeds against an emulator.

Ids are those of a fresh account with one application, one rule, one user and one registration.
"""

from datetime import UTC, date, datetime, timedelta

from voxsip.spec.document import operations

CSV = b"phone;name\n15550101;Ann\n15550102;Bob\n"
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
_BY_TYPE = {"integer": 1, "number": 1, "boolean": True, "string": "1"}
_BY_FORMAT = {
    "date": date(2026, 1, 31),
    "timestamp": datetime(2026, 1, 31, 12, tzinfo=UTC),
    "unix": LATER,
    "binary": CSV,
}
SECRET = {"secret_name": "key", "application_id": 1}
SQ_QUEUE = {"application_id": 1, "sq_queue_name": "sq"}
SQ_SKILL = {"application_id": 1, "sq_skill_name": "sq-skill"}
PHONE = {"country_code": "US", "phone_category_name": "GEOGRAPHIC", "phone_region_id": 1}
MESSAGE = {"source": "15550100", "destination": "15550101", "sms_body": "Hello"}

EXAMPLES = {
    "SetAccountInfo": {"account_first_name": "Ann", "min_balance_to_notify": 5},
    "GetCurrencyRate": {"currency": ["EUR", "USD"]},
    "ChangeAccountPlan": {"plan_type": "IM", "plan_subscription_template_id": 2},
    "AddApplication": {"application_name": "sales"},
    "SetApplicationInfo": {"application_id": 1, "application_name": "support"},
    "GetApplications": {"with_rules": True, "with_scenarios": True},
    "AddUser": {
        "user_name": "bob",
        "user_display_name": "Bob",
        "user_password": "x",
        "application_id": 1,
        "user_custom_data": "x",
    },
    "SetUserInfo": {"user_id": 1, "user_active": False},
    "AddRule": {"application_id": 1, "rule_name": "r", "rule_pattern": ".*"},
    "SetRuleInfo": {"rule_id": 1, "rule_pattern_exclude": "1"},
    "GetRules": {"application_id": 1, "with_scenarios": True},
    "AddScenario": {
        "scenario_name": "s",
        "scenario_script": "// hello",
        "rule_name": "rule-1",
        "application_id": 1,
    },
    "SetScenarioInfo": {"scenario_id": 1, "scenario_name": "t"},
    "GetScenarios": {"application_id": 1, "with_script": True},
    "BindScenario": {"scenario_id": [1], "rule_id": 1, "application_id": 1, "bind": False},
    "ReorderScenarios": {"rule_id": 1, "scenario_id": [1]},
    "StartScenarios": {"rule_id": 1, "script_custom_data": "x"},
    "CreateSipRegistration": {
        "sip_username": "alice",
        "proxy": "sip.example.com",
        "password": "x",
        "auth_user": "a",
        "outbound_proxy": "out.example.com",
        "rule_id": 1,
        "application_id": 1,
        "user_id": 1,
    },
    "UpdateSipRegistration": {"sip_registration_id": 1, "proxy": "sip2.example.com"},
    "BindSipRegistration": {"sip_registration_id": 1, "application_id": 1},
    "AddSipWhiteListItem": {"sip_whitelist_network": "192.0.2.1", "description": "x"},
    "SetSipWhiteListItem": {"sip_whitelist_id": 1, "sip_whitelist_network": "192.0.2.2"},
    "AttachPhoneNumber": lambda account: {**PHONE, "phone_number": [number_of(account)]},
    "GetNewPhoneNumbers": PHONE,
    "GetPhoneNumberCountryStates": {"country_code": "US", "phone_category_name": "GEOGRAPHIC"},
    "ControlSms": lambda account: {"phone_number": number_of(account), "command": "disable"},
    "SendSmsMessage": {**MESSAGE, "store_body": True},
    "GetSmsHistory": {"output": "json"},
    "A2PSendSms": {"src_number": "15550100", "dst_numbers": ["15550101", "x"], "text": "Hello"},
    "A2PGetSmsHistory": {"output": "json"},
    "CreateCallList": {
        "rule_id": 1,
        "priority": 1,
        "max_simultaneous": 2,
        "num_attempts": 3,
        "name": "Spring",
        "file_content": CSV,
    },
    "AppendToCallList": {"list_id": 1, "file_content": CSV},
    "CancelCallListBatch": {"list_id": 1, "batch_ids": "x"},
    "EditCallListTasksPriority": {
        "list_id": 1,
        "tasks": '[{"task_id": 1, "task_priority": 5}]',
    },
    "GetCallListDetails": {"list_id": 1, "output": "json"},
    "EditCallListTask": {"list_id": 1, "task_id": 1, "attempts_left": 1},
    "CancelCallListTask": {"account_id": "1", "list_id": 1, "tasks_ids": [1, 2]},
    "GetCallHistory": {"with_calls": True, "with_records": True, "with_other_resources": True},
    "GetCallHistoryAsync": {"with_header": True},
    "GetBriefCallHistory": {"output": "csv"},
    "SetKeyValueItem": {"key": "a:1", "value": "x", "application_id": 1},
    "DelKeyValueItem": {"key": "a:1", "application_id": 1},
    "GetKeyValueItem": {"key": "a:1", "application_id": 1},
    "GetKeyValueItems": {"key": "a", "application_id": 1},
    "GetKeyValueKeys": {"application_id": 1},
    "AddPstnBlackListItem": {"pstn_blacklist_phone": "15550100"},
    "SetPstnBlackListItem": {"pstn_blacklist_id": 1, "pstn_blacklist_phone": "15550101"},
    "AddQueue": {"acd_queue_name": "queue", "application_id": 1, "service_probability": 0.5},
    "SetQueueInfo": {"acd_queue_id": 1, "new_acd_queue_name": "other"},
    "AddSkill": {"skill_name": "skill"},
    "SetSkillInfo": {"skill_id": 1, "new_skill_name": "other"},
    "SQ_AddQueue": {
        **SQ_QUEUE,
        "call_agent_selection": "MAX_WAITING_TIME",
        "call_task_selection": "MAX_PRIORITY",
    },
    "SQ_SetQueueInfo": {**SQ_QUEUE, "description": "x"},
    "SQ_DelQueue": {"application_id": 1, "sq_queue_name": ["sq"]},
    "SQ_AddSkill": SQ_SKILL,
    "SQ_SetSkillInfo": {**SQ_SKILL, "new_sq_skill_name": "other"},
    "SQ_DelSkill": {"application_id": 1, "sq_skill_name": ["sq-skill"]},
    "AddSecret": {**SECRET, "secret_value": "x"},
    "SetSecretInfo": {**SECRET, "new_secret_name": "other"},
    "DelSecret": {"secret_name": ["key"], "application_id": 1},
    "GetSecretValue": SECRET,
    "AddWABPhoneNumber": {
        "wab_phone_number": "15550100",
        "voice_password": "x",
        "application_id": 1,
        "rule_id": 1,
    },
    "SetWABPhoneNumberInfo": {"wab_phone_number": "15550100", "description": "x"},
    "DeleteWABPhoneNumber": {"wab_phone_number": "15550100"},
    "AddSubUser": {
        "new_subuser_name": "sub",
        "new_subuser_password": "x",
        "role_name": ["Owner"],
    },
    "AddPushCredential": {"push_provider_name": "APPLE", "cert_content": b"PEM"},
    "AddOutboundTestPhoneNumber": {"phone_number": "15550100"},
    "AddAuthorizedAccountIP": {"authorized_ip": "192.0.2.1"},
    "DelAuthorizedAccountIP": {"authorized_ip": "192.0.2.1"},
    "CheckAuthorizedAccountIP": {"authorized_ip": "192.0.2.1"},
    "StartConference": {"conference_name": "c", "rule_id": 1},
    "RequestSmartQueueHistory": {
        "sq_queue_id": [1],
        "application_id": 1,
        "report_type": ["service_level"],
        "from_date": _BY_FORMAT["timestamp"],
        "to_date": LATER,
    },
}
NEEDS = {
    "AddScenario": ("SetScenarioInfo", "DelScenario", "BindScenario", "ReorderScenarios"),
    "AddSipWhiteListItem": ("SetSipWhiteListItem", "DelSipWhiteListItem"),
    "AttachPhoneNumber": (
        *("BindPhoneNumberToApplication", "DeactivatePhoneNumber", "SetPhoneNumberInfo"),
        *("GetPhoneNumbers", "GetAccountPhoneNumberCountries", "ControlSms"),
    ),
    "SendSmsMessage": ("GetSmsHistory",),
    "A2PSendSms": ("A2PGetSmsHistory",),
    "CreateCallList": (
        *("AppendToCallList", "CancelCallListBatch", "EditCallList", "EditCallListTasksPriority"),
        *("DeleteCallList", "GetCallLists", "GetCallListDetails", "EditCallListTask"),
        *("CancelCallListTask", "StopCallListProcessing", "RecoverCallList"),
    ),
    "StartScenarios": ("GetCallHistory", "GetTransactionHistory", "GetAuditLog"),
    "GetCallHistoryAsync": ("GetHistoryReports", "DownloadHistoryReport"),
    "GetPhoneNumbersAsync": ("GetPhoneNumberReports",),
    "ChangeAccountPlan": ("GetAccountPlans",),
    "SetKeyValueItem": (
        *("DelKeyValueItem", "GetKeyValueItem", "GetKeyValueItems", "GetKeyValueKeys"),
    ),
    "AddPstnBlackListItem": ("SetPstnBlackListItem", "DelPstnBlackListItem", "GetPstnBlackList"),
    "AddQueue": ("SetQueueInfo", "DelQueue", "GetQueues"),
    "AddSkill": ("SetSkillInfo", "DelSkill", "GetSkills"),
    "SQ_AddQueue": ("SQ_SetQueueInfo", "SQ_DelQueue", "SQ_GetQueues"),
    "SQ_AddSkill": ("SQ_SetSkillInfo", "SQ_DelSkill", "SQ_GetSkills"),
    "AddSecret": ("SetSecretInfo", "DelSecret", "GetSecretValue", "GetSecrets"),
    "AddWABPhoneNumber": ("SetWABPhoneNumberInfo", "DeleteWABPhoneNumber", "GetWABPhoneNumbers"),
    "AddSubUser": ("SetSubUserInfo", "DelSubUser", "GetSubUsers"),
    "AddPushCredential": ("SetPushCredential", "DelPushCredential", "GetPushCredential"),
    "AddOutboundTestPhoneNumber": (
        *("VerifyOutboundTestPhoneNumber", "ActivateOutboundTestPhoneNumber"),
        *("DelOutboundTestPhoneNumber", "GetOutboundTestPhoneNumbers"),
    ),
}
"""What a command makes, and which commands need it."""
_NEEDED = {command: first for first, commands in NEEDS.items() for command in commands}


def number_of(account):
    """Return the phone number that the examples of an account buy: no two accounts may have the same."""
    return str(1555_000_000 + account)


def example(command, account=1):
    """Return the arguments of a command: the fewest that its rules ask for, or those of above."""
    given = EXAMPLES.get(command)
    if callable(given):
        return given(account)
    return fewest(operations()[command]) if given is None else dict(given)


def fewest(operation):
    """Return the fewest arguments that a command's rules ask for."""
    schemas = {item["name"]: item["schema"] for item in operation["parameters"]}
    names = [item["name"] for item in operation["parameters"] if item.get("required")]
    for rule in operation.get("x-requires", ()):
        if not rule["when"] or set(rule["when"]) & set(names):
            names += [] if set(rule["any_of"]) & set(names) else rule["any_of"][:1]
    return {name: value_of(schemas[name]) for name in names}


def value_of(schema):
    """Return a value that a parameter takes."""
    if schema["type"] == "array":
        return [value_of(schema["items"])]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("contentMediaType") == "application/json":
        return "[]"
    return _BY_FORMAT.get(schema.get("format")) or _BY_TYPE[schema["type"]]


def before(command):
    """Return the command that has to be executed first, or None."""
    return _NEEDED.get(command)


def wire_text(value):
    """Return an argument as the wire has it; a file stays bytes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ";".join(map(wire_text, value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value if isinstance(value, bytes | str) else str(value)
