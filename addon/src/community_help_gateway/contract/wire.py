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

type Reader = Callable[[Any], Any]
"""Reads one value. The ContractError of one that cannot be read begins with the place below the value, ``.name`` or
``[3]``: only an error pays for saying where it is."""

_PLAIN = frozenset({types.NoneType, bool, int, float, str})


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
    if type(value) in _PLAIN:
        return cast("Json", value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_wire(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_wire(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: to_wire(item) for name, item in shallow(value).items()}
    message = f"{type(value).__name__} cannot cross the wire"
    raise ContractError(message)


def shallow(value: object) -> dict[str, Any]:
    """The fields of a dataclass by name, each as it is."""
    return {name: getattr(value, name) for name in _names(cast("Any", type(value)))}


@cache
def _names(kind: TypeExpression) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def from_wire[T](cls: type[T], data: object, place: str = "message") -> T:
    """Read ``cls`` from JSON values; raises ContractError, which names the place."""
    reader: Reader = _reader(cast("Any", cls))
    try:
        return cast("T", reader(data))
    except ContractError as error:
        message = f"{place}{error}"
        raise ContractError(message) from None


@cache
def _reader(kind: TypeExpression) -> Reader:
    if kind is Any or isinstance(kind, typing.TypeAliasType):
        return lambda data: data
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
        return _enum_reader(kind)
    return lambda data: data if type(data) is kind else _checked(data, kind)


def _checked(data: object, kind: type) -> object:
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        message = f": expected {kind.__name__}, got {type(data).__name__}"
        raise ContractError(message)
    return data


def _enum_reader(kind: TypeExpression) -> Reader:
    known = {member.value: member for member in kind}

    def read(data: object) -> object:
        text = _checked(data, str)
        try:
            return known.get(cast("str", text)) or kind(text)
        except ContractError as error:
            message = f": {error}"
            raise ContractError(message) from None

    return read


def _optional_reader(kind: types.UnionType) -> Reader:
    others = [arg for arg in typing.get_args(kind) if arg is not types.NoneType]
    *readers, last = [_reader(other) for other in others]

    def read(data: object) -> object:
        if data is None:
            return None
        for reader in readers:
            try:
                return reader(data)
            except ContractError:
                continue
        return last(data)

    return read


def _tuple_reader(item: TypeExpression) -> Reader:
    reader = _reader(item)

    def read(data: object) -> object:
        items, found = cast("list[object]", _checked(data, list)), list[object]()
        try:
            for value in items:
                found.append(reader(value))
        except ContractError as error:
            message = f"[{len(found)}]{error}"
            raise ContractError(message) from None
        return tuple(found)

    return read


def _dict_reader(item: TypeExpression) -> Reader:
    reader = _reader(item)

    def read(data: object) -> object:
        found: dict[str, object] = {}
        for key, value in cast("dict[str, object]", _checked(data, dict)).items():
            try:
                found[key] = reader(value)
            except ContractError as error:
                message = f".{key}{error}"
                raise ContractError(message) from None
        return found

    return read


def _dataclass_reader(kind: type[Any]) -> Reader:
    hints = typing.get_type_hints(kind)
    plan = tuple((field.name, _reader(hints[field.name]), not _has_default(field)) for field in fields(kind))

    def read(data: object) -> object:
        values = cast("dict[str, object]", _checked(data, dict))
        arguments = {}
        for name, reader, needed in plan:
            if name in values:
                try:
                    arguments[name] = reader(values[name])
                except ContractError as error:
                    message = f".{name}{error}"
                    raise ContractError(message) from None
            elif needed:
                message = f".{name}: missing"
                raise ContractError(message)
        return kind(**arguments)

    return read


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING
