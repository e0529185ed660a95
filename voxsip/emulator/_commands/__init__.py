"""The commands, a module per group; importing this package enters them all in the table."""

from voxsip.emulator._commands import (
    accounts,
    applications,
    call_lists,
    history,
    key_value_storage,
    kinds,
    outbound_test_numbers,
    phone_numbers,
    reports,
    rules,
    scenarios,
    sip_registrations,
    sms,
    users,
)

__all__ = [
    "accounts",
    "applications",
    "call_lists",
    "history",
    "key_value_storage",
    "kinds",
    "outbound_test_numbers",
    "phone_numbers",
    "reports",
    "rules",
    "scenarios",
    "sip_registrations",
    "sms",
    "users",
]
