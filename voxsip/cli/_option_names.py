"""Errors of the library, worded with the options of the command line in place of arguments."""

from __future__ import annotations

import re
from collections.abc import Collection


def _options(names: str) -> dict[str, str]:
    return {name: f"--{name.replace('_', '-')}" for name in names.split()}


# Names that are arguments and nothing else, wherever they stand.
_ANYWHERE = {
    **_options(
        "base_url allow_plain_http max_failures max_failure_ratio skip_unchanged status_code"
    ),
    **_options("sip_username auth_user outbound_proxy application_id application_name"),
    **_options("rule_id rule_name user_id user_name"),
    "rate_limit": "--rate",
    "sip_registration_id": "the registration's id",
    "is_persistent": "--persistent",
    "is_bound_to_application": "--bound",
}
# Names that are words, or members of a credentials file, too: arguments only where an error begins with them.
_FIRST = {
    **_options("account_id concurrency credentials deactivated deadline columns encoding map set"),
    **_options("file_encoding journal"),
    **_options("in_progress proxy successful timeout"),
    "connect": "--timeout",
    "total": "--timeout",
    "password": "--password-file",
    "ssl": "--ca-file",
    "token": "VOXIMPLANT_TOKEN",
}
_PHRASES = {
    "pass a path or a ServiceAccount,": "pass --credentials PATH,",
    "; leave account_id out": "; leave --account-id out",
    " (or bind=True)": "",
    " (or bind=False)": "",
    " (force=True)": "",
    " (replace=True)": "",
    "pass prune (--prune) too": "pass --prune too",
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
    """Return the command's option for an argument, or the library's name for it."""
    option = table[name]
    wanted = name.upper() if name == _ID else option
    has = own is None or wanted in own or not (option.startswith("--") or name == _ID)
    return option if has else otherwise or name
