"""The commands, a module per group; importing this package enters them all in the table."""

from voxsip.emulator._commands import (
    accounts,
    applications,
    rules,
    sip_registrations,
    sip_white_list,
    users,
)

__all__ = ["accounts", "applications", "rules", "sip_registrations", "sip_white_list", "users"]
