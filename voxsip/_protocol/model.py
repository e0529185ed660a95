"""The base class of all models: converts them to plain data for JSON, FastAPI and other programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


@attrs.frozen(kw_only=True)
class Model:
    """The base of every model."""

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """Return the model as plain data that any JSON library accepts.

        All members are present under their Python names, None included. Money is text, so that no digit is lost;
        moments are text like "2026-11-28T09:30:00Z", days like "2026-11-28"; a nested model is a dict.

        Args:
            secrets: Whether to include secret members (keys, salts, passwords).
        """
        return {
            name: _plain(getattr(self, name), secrets=secrets)
            for name, secret in _members(type(self))
            if secrets or not secret
        }

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Iterate over names and plain values, without secrets.

        So `dict(model)`, which FastAPI calls, equals `model.to_dict()`.
        """
        return iter(self.to_dict().items())

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the model's schema for pydantic; only pydantic calls this."""
        from voxsip._protocol.pydantic_schema import schema_of  # noqa: PLC0415 - needs pydantic

        return schema_of(cls, handler)


_known: dict[type[Model], tuple[tuple[str, bool], ...]] = {}


def _members(model: type[Model]) -> tuple[tuple[str, bool], ...]:
    """Return the members of a model, each with whether it is secret (not in the repr)."""
    found = _known.get(model)
    if found is None:
        found = tuple((member.name, not member.repr) for member in attrs.fields(model))
        _known[model] = found
    return found


def public_members(model: type[Model]) -> tuple[str, ...]:
    """Return the names of a model's members that are not secret."""
    return tuple(name for name, secret in _members(model) if not secret)


def _plain(value: Any, *, secrets: bool) -> Any:
    if isinstance(value, Model):
        return value.to_dict(secrets=secrets)
    if isinstance(value, tuple):
        return [_plain(item, secrets=secrets) for item in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value
