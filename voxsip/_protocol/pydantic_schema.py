"""Schemas of models for pydantic. Imported only when pydantic asks for one, so pydantic is installed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from pydantic import GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict

from voxsip._protocol.model import Model, public_members

_AS_TEXT = {Decimal: "decimal", date: "date", datetime: "date-time"}
"""Types that are text in JSON, with the format in their schema."""


def schema_of(model: type[Model], handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return a schema that accepts instances and serializes them with `to_dict`."""
    return core_schema.is_instance_schema(
        model,
        serialization=core_schema.plain_serializer_function_ser_schema(
            model.to_dict, return_schema=handler.generate_schema(_plain_type(model))
        ),
    )


_known: dict[type[Model], Any] = {}
"""One type for each model: pydantic would treat two types of one name as different."""


def _plain_type(model: type[Model]) -> Any:
    """Return the type of `to_dict`'s result, named as the model for OpenAPI documents."""
    if model not in _known:
        hints = get_type_hints(model)
        members = {name: _plain_hint(hints[name]) for name in public_members(model)}
        made = _known[model] = cast("Any", TypedDict)(model.__name__, members)
        made.__doc__ = (model.__doc__ or "").partition("\n")[0]
        made.__module__ = model.__module__
    return _known[model]


def _plain_hint(hint: Any) -> Any:
    if hint in _AS_TEXT:
        return Annotated[str, WithJsonSchema({"type": "string", "format": _AS_TEXT[hint]})]
    if isinstance(hint, type) and issubclass(hint, Model):
        return _plain_type(hint)
    if get_origin(hint) is tuple:
        return list[_plain_hint(get_args(hint)[0])]  # type: ignore[misc]
    if isinstance(hint, UnionType):
        return cast("Any", Union[tuple(_plain_hint(kind) for kind in get_args(hint))])  # noqa: UP007 - made at run time
    return hint
