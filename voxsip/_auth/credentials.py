"""Reads credentials from files, texts and the environment, and explains what is missing or broken in them.

A credentials file is JSON with `account_id`, `key_id`, `private_key` and `account_email`, which is not used here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Never, Self

import attrs
import orjson

from voxsip._auth.signing import JoseSigner, Signer
from voxsip._errors import ConfigurationError
from voxsip._redaction.paths import is_content
from voxsip._redaction.values import (
    Hidden,
    SecretBytes,
    conceal,
    conceal_members,
    refuse_copies,
    reveal,
    type_name,
)

FILE_VARIABLE = "VOXIMPLANT_CREDENTIALS"
TOKEN_VARIABLE = "VOXIMPLANT_TOKEN"  # noqa: S105 - the name of a variable


class CredentialsWarning(UserWarning):
    """A credentials file can be read by others."""


@attrs.frozen(kw_only=True, init=False)
class ServiceAccount:
    """A service account's key, parsed once.

    Args:
        account_id: The account that the key belongs to.
        key_id: The key's id, sent as `kid`.
        private_key: The RSA private key in PEM (PKCS#8); never shown.
        account_email: The account's e-mail address, not used to sign.
        source: The name of the account in an error.

    Raises:
        ConfigurationError: A field is missing or malformed; the error names the field, never its content.
    """

    account_id: int
    key_id: str
    private_key: str = attrs.field(repr=False)
    account_email: str | None = None
    _source: str = attrs.field(default="credentials", repr=False, eq=False)
    signer: Signer = attrs.field(init=False, repr=False, eq=False)

    def __init__(
        self,
        *,
        account_id: int,
        key_id: str,
        private_key: str,
        account_email: str | None = None,
        source: str = "credentials",
    ) -> None:
        private_key = conceal(private_key)
        self.__attrs_init__(
            account_id=account_id,
            key_id=key_id,
            private_key=private_key,
            account_email=account_email,
            source=source,
        )

    @signer.default
    def _parse(self) -> Signer:
        """Check the fields, the cheap ones first, and parse the key."""
        if type(self.account_id) is not int or self.account_id <= 0:
            raise self._broken("account_id", "is not a positive integer")
        for name in ("key_id", "private_key"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise self._broken(name, "is not a non-empty text")
        try:
            return JoseSigner(_as_pem(self.private_key), self.key_id)
        except ValueError as error:
            problem = str(error)
        raise self._broken("private_key", problem)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        """Return the account itself: it never changes, and settings are copied."""
        return self

    def __reduce_ex__(self, protocol: object) -> Never:
        """Refuse to be pickled; see `refuse_copies`."""
        refuse_copies(self, "pass the path of its file")

    def _broken(self, field: str, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self._source}: {field} {what}")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], source: str = "credentials") -> ServiceAccount:
        """Make an account of the members of a credentials file.

        Args:
            data: The members; `account_id` may be a text of digits.
            source: The name of the data in an error.

        Raises:
            ConfigurationError: A member is missing or malformed; the error names it.
        """
        given: object = data
        if not isinstance(given, Mapping):
            kind = type_name(given)
            del data, given  # tracebacks show locals
            raise ConfigurationError(f"{source}: expected a mapping of members, got {kind}")
        del given
        data = conceal_members(data)
        missing = [
            name for name in ("account_id", "key_id", "private_key") if data.get(name) in (None, "")
        ]
        if missing:
            raise ConfigurationError(
                f"{source}: {', '.join(missing)} missing; download the file of the key again"
            )
        account_id = data["account_id"]
        if isinstance(account_id, str) and account_id.isascii() and account_id.isdigit():
            account_id = int(account_id)
        email = data.get("account_email")
        return cls(
            account_id=account_id,
            key_id=data["key_id"],
            private_key=data["private_key"],
            account_email=email if isinstance(email, str) else None,
            source=source,
        )

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> ServiceAccount:
        """Read a credentials file; warn once if others may read it too.

        Raises:
            ConfigurationError: The file is missing, unreadable or broken; the error names the file and the member.
        """
        path = conceal(_text_of(path))  # it may be the file's content, which no traceback may show
        content = _read(path)
        source = reveal(path)  # a file has this name, so it is no key
        account = cls.from_mapping(_members_of(content, source), source)
        _warn_if_shared(source)
        return account

    @classmethod
    def from_text(cls, text: str, source: str = "credentials") -> ServiceAccount:
        """Read the content of a credentials file.

        Args:
            text: The JSON.
            source: The name of the text in an error.

        Raises:
            ConfigurationError: The text is broken; the error names the member, never the content.
        """
        text = conceal(text)
        given: object = text
        if not isinstance(given, str):
            raise ConfigurationError(f"{source}: expected text, got {type_name(given)}")
        return cls.from_mapping(
            _members_of(SecretBytes(text.encode("utf-8", "replace")), source), source
        )


def from_environment() -> ServiceAccount | str:
    """Return the account or the token that the environment names.

    `VOXIMPLANT_CREDENTIALS` is the path of a credentials file or its content, `VOXIMPLANT_TOKEN` a ready token.

    Raises:
        ConfigurationError: Neither is set, or the credentials are broken.
    """
    if given := conceal(os.environ.get(FILE_VARIABLE)):
        if given.removeprefix("\ufeff").lstrip().startswith("{"):
            return ServiceAccount.from_text(given, FILE_VARIABLE)
        return ServiceAccount.from_file(given)
    if token := os.environ.get(TOKEN_VARIABLE):
        return conceal(token)
    raise ConfigurationError(
        f"no credentials: pass a path or a ServiceAccount, or set {FILE_VARIABLE} (path of a credentials file) "
        f"or {TOKEN_VARIABLE} (a ready token)"
    )


def _read(path: str) -> SecretBytes:
    """Return the bytes of a credentials file."""
    try:
        return SecretBytes(Path(reveal(path)).read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
    if not is_content(path):
        raise ConfigurationError(f"{reveal(path)}: cannot read the credentials file: {reason}")
    raise ConfigurationError(
        f"credentials: cannot read the credentials file: {reason}, and this may be its content, a key or a token; "
        f"pass the path, or put the content of the whole file (JSON) into {FILE_VARIABLE}, or a token into "
        f"{TOKEN_VARIABLE}"
    )


def _members_of(content: SecretBytes, source: str) -> Mapping[str, Any]:
    """Parse the content of a credentials file, its secrets concealed."""
    raw = content.reveal()
    try:
        # Editors and PowerShell may write a byte-order mark, or UTF-16.
        data = Hidden(orjson.loads(raw.decode(json.detect_encoding(raw)).strip().encode()))
    except ValueError:
        data = None  # the error holds the text
    finally:
        del raw
    if data is None:
        raise ConfigurationError(f"{source}: the credentials file is not JSON")
    if not isinstance(data.reveal(), dict):
        raise ConfigurationError(f"{source}: the credentials file is not a JSON object")
    return conceal_members(data.reveal())


def _as_pem(private_key: str) -> str:
    """Restore the line breaks of a key, which YAML and environments may change.

    They may have become spaces, or a backslash and a letter.
    """
    text = reveal(private_key)
    found = _PEM.fullmatch(text.replace("\\r", "").replace("\\n", "\n").strip().strip("\"'"))
    if found is None:
        return conceal(text)
    label, body = found.groups()
    lines = "\n".join(textwrap.wrap("".join(body.split()), 64))
    return conceal(f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")


_PEM = re.compile(
    r"\s*-----BEGIN ((?:RSA )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*"
)


def _text_of(path: object) -> str:
    if isinstance(path, str | os.PathLike):
        return os.fsdecode(reveal(path))
    raise ConfigurationError(
        f"credentials: expected a path or a ServiceAccount, got {type(path).__name__}"
    )


def _warn_if_shared(path: str) -> None:
    if os.name != "posix":
        return
    if Path(path).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        warnings.warn(
            f"{path}: others can read this credentials file; run: chmod 600 {shlex.quote(path)}",
            CredentialsWarning,
            stacklevel=2,  # one warning per file, wherever the client is made
        )
