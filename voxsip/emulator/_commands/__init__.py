"""The commands, a module per group; importing this package enters them all in the table."""

from voxsip.emulator._commands import (  # noqa: F401 - each enters its commands in the table
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
