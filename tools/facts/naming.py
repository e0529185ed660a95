"""Names in the spec: models after structures, pages of the reference after commands."""

from __future__ import annotations

import re

REFERENCE = "https://docs.voximplant.ai/api-reference/management-api/reference"
_GIVEN = {
    "API_Error": "Error",
    "AccountVerificationsType": "AccountVerifications",
    "GetSQAgentsResult": "SqAgent",
    "GetSQQueuesResult": "SqQueue",
    "GetSQSkillsResult": "SqSkill",
    "GetSecretValueResult": "SecretValue",
    "KeyValueItems": "KeyValueItem",
    "KeyValueKeys": "KeyValueKey",
    "QueueSkills": "QueueSkill",
    "QueueUsers": "QueueUser",
    "AddSecretResult": "SecretId",
    "SQAddQueueResult": "SqQueueId",
    "SQAddSkillResult": "SqSkillId",
    "GetMoneyAmountToChargeResult": "MoneyAmountToCharge",
    "SecretListItem": "Secret",
    "ShortAccountInfoType": "ShortAccountInfo",
    "AccountInfoType": "AccountInfo",
    "SmartQueueStateAgentStatus_": "SmartQueueAgentStatus",
    "CallListDetailType": "CallListTask",
    "PSTNBlackListInfoType": "PstnBlackListItem",
    "PstnBlackListInfoType": "PstnBlackListItem",
    "SipWhiteListInfoType": "SipWhiteListItem",
    "InvoiceSpendingDetails": "InvoiceRow",
    "InvoiceTaxesDetails": "InvoiceTax",
    "InvoiceTotalDetails": "InvoiceTotal",
    "BillingLimitInfoType": "BillingLimit",
    "BankCardBillingLimitInfoType": "BankCardBillingLimit",
    "OutboundTestPhonenumberInfoType": "OutboundTestPhoneNumber",
}


def model_name(structure: str) -> str:
    """Name the model of a structure: `WABPhoneInfoType` becomes `WabPhone`."""
    if structure in _GIVEN:
        return _GIVEN[structure]
    short = re.sub(r"(?:Info)?Type$|(?:Result)$|View$", "", structure).replace("_", "")
    return re.sub(r"[A-Z]{2,}(?=[A-Z][a-z]|$)", lambda found: found[0].capitalize(), short)


def reply_name(command: str) -> str:
    """Name the model of a command's whole reply."""
    return f"{command.replace('_', '')}Reply"


def reference(group: str, command: str) -> str:
    """Return the address of a command's reference page."""
    return f"{REFERENCE}/{_kebab(group)}/{_kebab(command)}"


def title(group: str) -> str:
    """Write a group's name as words."""
    words = _words(group)
    shown = [word if word.isupper() else word.lower() for word in words]
    return " ".join([shown[0][:1].upper() + shown[0][1:], *shown[1:]])


def _kebab(name: str) -> str:
    return "-".join(word.lower() for word in _words(name))


def _words(name: str) -> list[str]:
    text = re.sub(r"IPs|IDs", lambda found: found[0].capitalize(), name).replace("A2P", "A2p")
    return re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z0-9]*|[A-Z]+|[a-z0-9]+", text)
