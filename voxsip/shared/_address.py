"""Where a store is: a PostgreSQL address whose secrets are never shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import attrs

from voxsip._errors import ConfigurationError
from voxsip._redaction.values import conceal, reveal

SCHEMES = ("postgresql://", "postgres://")


def is_store(value: object) -> bool:
    """Returns whether a text is the address of a store and no path of a file."""
    return isinstance(value, str) and value.startswith(SCHEMES)


def foreign_scheme(name: str) -> str | None:
    """Return the scheme of another kind of store's address; None for a path."""
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", name)
    return None if found is None or is_store(name) else found[0]


def refuse_foreign(journal: str) -> None:
    """See that a journal is a path or the address of a store.

    Raises:
        ConfigurationError: It is an address of something else; its text, which may hold a password, is not quoted.
    """
    if (scheme := foreign_scheme(journal)) is not None:
        raise ConfigurationError(
            f"journal: {scheme} is no store that voxsip knows; give postgresql://host/database#name, or the path of a file"
        )


def shown(name: str) -> str:
    """Return a path, or a store's address without user, password and options."""
    if (scheme := foreign_scheme(name)) is not None:
        return scheme
    if not is_store(name):
        return name
    dsn, mark, job = name.partition("#")
    return f"{StoreAddress(dsn)}{mark}{job}"


def _concealed(dsn: str) -> str:
    return conceal(dsn)


@attrs.frozen(repr=False)
class StoreAddress:
    """The address of a PostgreSQL database; its text holds no secret.

    Args:
        dsn: `postgresql://user@host:port/database`; the password may come from `PGPASSWORD` or `~/.pgpass`.

    Raises:
        ConfigurationError: no such address.
    """

    dsn: str = attrs.field(converter=_concealed)

    def __attrs_post_init__(self) -> None:
        """Check what can be checked without a server; the text itself is never quoted."""
        try:
            if is_store(reveal(self.dsn)):
                str(self)  # takes the address apart: a wrong port is noticed here
                return
        except ValueError:
            pass
        raise ConfigurationError(
            "store: not a PostgreSQL address; give postgresql://user@host:port/database"
        )

    def __str__(self) -> str:
        parts = urlsplit(self.dsn)  # of a concealed text: nothing here shows it
        options = parse_qs(parts.query)
        host = parts.hostname or (options.get("host") or [""])[-1]
        port = f":{parts.port}" if parts.port else ""
        path = parts.path if len(parts.path) > 1 else ""
        if host.startswith("/"):  # the folder of a socket
            return f"postgresql://{path or '/'}?host={host}"
        return f"postgresql://{host}{port}{path}"

    def __repr__(self) -> str:
        try:
            return str(self)
        except ValueError:  # a traceback may show an address that is being refused
            return "<no address of a store>"
