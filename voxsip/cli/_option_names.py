"""Errors of the library, worded with the options of the command line in place of arguments."""

from __future__ import annotations

import re
from collections.abc import Collection

# Names that are arguments and nothing else, wherever they stand.
_ANYWHERE = {
    "base_url": "--base-url",
    "allow_plain_http": "--allow-plain-http",
    "rate_limit": "--rate",
    "max_failures": "--max-failures",
    "max_failure_ratio": "--max-failure-ratio",
    "skip_unchanged": "--skip-unchanged",
    "sip_registration_id": "the registration's id",
    "sip_username": "--sip-username",
    "auth_user": "--auth-user",
    "outbound_proxy": "--outbound-proxy",
    "application_id": "--application-id",
    "application_name": "--application-name",
    "rule_id": "--rule-id",
    "rule_name": "--rule-name",
    "user_id": "--user-id",
    "user_name": "--user-name",
    "is_persistent": "--persistent",
    "is_bound_to_application": "--bound",
    "status_code": "--status-code",
}
# Names that are words, or members of a credentials file, too: arguments only where an error begins with them.
_FIRST = {
    "account_id": "--account-id",
    "concurrency": "--concurrency",
    "connect": "--timeout",
    "credentials": "--credentials",
    "deactivated": "--deactivated",
    "deadline": "--deadline",
    "columns": "--columns",
    "encoding": "--encoding",
    "map": "--map",
    "set": "--set",
    "in_progress": "--in-progress",
    "password": "--password-file",
    "proxy": "--proxy",
    "ssl": "--ca-file",
    "successful": "--successful",
    "timeout": "--timeout",
    "token": "VOXIMPLANT_TOKEN",
    "total": "--timeout",
}
_PHRASES = {
    "pass a path or a ServiceAccount,": "pass --credentials PATH,",
    "; leave account_id out": "; leave --account-id out",
    " (or bind=True)": "",
    'pass proxy="" to': 'pass --proxy "" to',
    ", or ssl.create_default_context(cadata=...)": "",
    "the path of a CA file (PEM) or an ssl.SSLContext": "the path of a CA file (PEM)",
    "a path or a ServiceAccount": "a path",
}
_ID = "sip_registration_id"
_OF_API = re.compile(r"[A-Z]\w+: ")
# Not in a path, nor in a quoted value.
_NAME = re.compile(rf"(?<![\w./\\'\"=-])({'|'.join(_ANYWHERE)})(?:=True)?(?![\w./\\'\"-])")
_BEGIN = re.compile(rf"^(\w+: )?({'|'.join(_FIRST)})(?=:)")


def in_options(text: str, own: Collection[str] | None = None) -> str:
    """Return an error text of the library with the names of options.

    Args:
        text: The library's message.
        own: Options and arguments of the command, as `--help` shows them: others are not named. None: all there are.
    """
    for phrase, instead in _PHRASES.items():
        text = text.replace(phrase, instead)
    if own is not None and "ARGUMENTS" in own and _OF_API.match(text):
        return text  # written NAME=VALUE on this command line, as the API has them

    def begin(found: re.Match[str]) -> str:
        return f"{found[1] or ''}{_option(found[2], _FIRST, own)}"

    text = _BEGIN.sub(begin, text)
    return _NAME.sub(lambda found: _option(found[1], _ANYWHERE, own, found[0]), text)


def _option(
    name: str, table: dict[str, str], own: Collection[str] | None, otherwise: str | None = None
) -> str:
    """Return what the command calls an argument; what the library does if it has no such option."""
    option = table[name]
    wanted = name.upper() if name == _ID else option
    has = own is None or wanted in own or not (option.startswith("--") or name == _ID)
    return option if has else otherwise or name
