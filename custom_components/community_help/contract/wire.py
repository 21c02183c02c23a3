"""Frozen dataclasses to JSON values and back.

The writer is strict: it writes every field. The reader is tolerant: it ignores unknown keys, takes a
field's default where a key is missing, and turns unknown enum members into ``UNKNOWN``, so that a newer
side can add things without breaking an older one.
"""

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Self, cast

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
type TypeExpression = Any
"""What stands behind a colon in a dataclass; Python has no narrower type for it."""

type Reader = Callable[[Any, str], Any]


class ContractError(ValueError):
    """A message that cannot be read; the text names the place in the message."""


class WireEnum(StrEnum):
    """An enum whose unknown members read as ``UNKNOWN``, which every subclass defines."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        if isinstance(value, str) and "UNKNOWN" in cls.__members__:
            return cls["UNKNOWN"]
        message = f"{value!r} is no {cls.__name__}"
        raise ContractError(message)


def to_wire(value: object) -> Json:
    """Turn a dataclass, and whatever it holds, into JSON values."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_wire(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_wire(item) for key, item in value.items()}
    if is_dataclass(value):
        return {field.name: to_wire(getattr(value, field.name)) for field in fields(value)}
    message = f"{type(value).__name__} cannot cross the wire"
    raise ContractError(message)


def from_wire[T](cls: type[T], data: object, place: str = "message") -> T:
    """Read ``cls`` from JSON values; raises ContractError, which names the place."""
    reader: Reader = _reader(cast("Any", cls))
    return cast("T", reader(data, place))


@cache
def _reader(kind: TypeExpression) -> Reader:
    if kind is Any or isinstance(kind, typing.TypeAliasType):
        return lambda data, _place: data
    if isinstance(kind, types.UnionType):
        return _optional_reader(kind)
    origin: object = typing.get_origin(kind)
    if origin is tuple:
        return _tuple_reader(typing.get_args(kind)[0])
    if origin is dict:
        return _dict_reader(typing.get_args(kind)[1])
    if is_dataclass(kind):
        return _dataclass_reader(cast("type[Any]", kind))
    if issubclass(kind, WireEnum):
        return lambda data, place: kind(_checked(data, str, place))
    return lambda data, place: _checked(data, kind, place)


def _checked(data: object, kind: type, place: str) -> object:
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        message = f"{place}: expected {kind.__name__}, got {type(data).__name__}"
        raise ContractError(message)
    return data


def _optional_reader(kind: types.UnionType) -> Reader:
    others = [arg for arg in typing.get_args(kind) if arg is not types.NoneType]
    readers = [_reader(other) for other in others]

    def read(data: object, place: str) -> object:
        if data is None:
            return None
        for reader in readers[:-1]:
            try:
                return reader(data, place)
            except ContractError:
                continue
        return readers[-1](data, place)

    return read


def _tuple_reader(item: TypeExpression) -> Reader:
    reader = _reader(item)

    def read(data: object, place: str) -> object:
        items = cast("list[object]", _checked(data, list, place))
        return tuple(reader(value, f"{place}[{index}]") for index, value in enumerate(items))

    return read


def _dict_reader(item: TypeExpression) -> Reader:
    reader = _reader(item)

    def read(data: object, place: str) -> object:
        values = cast("dict[str, object]", _checked(data, dict, place))
        return {key: reader(value, f"{place}.{key}") for key, value in values.items()}

    return read


def _dataclass_reader(kind: type[Any]) -> Reader:
    hints = typing.get_type_hints(kind)
    readers = [(field, _reader(hints[field.name])) for field in fields(kind)]

    def read(data: object, place: str) -> object:
        values = cast("dict[str, object]", _checked(data, dict, place))
        arguments = {}
        for field, reader in readers:
            if field.name in values:
                arguments[field.name] = reader(values[field.name], f"{place}.{field.name}")
            elif not _has_default(field):
                message = f"{place}.{field.name}: missing"
                raise ContractError(message)
        return kind(**arguments)

    return read


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING
