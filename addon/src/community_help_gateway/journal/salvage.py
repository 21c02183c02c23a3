"""Reads what can still be read of a damaged or foreign journal, which stays as it is.

Points are left out: they are unknown until heard. Entries stay where they are.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..model.state import PointRecord, Put
from .chain import BEGINNING, Head
from .database import FAILURES, Contents, is_orphaned, new_epoch, read_only
from .rows import TYPES, Command, decode

_MAX_NUMBER = 2**53
"""A damaged page can say any number; JSON readers keep whole numbers exact up to here."""

_HEADS = (
    "SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1",
    "SELECT number, '' FROM entry ORDER BY number DESC LIMIT 1",
    "SELECT max(number), '' FROM entry INDEXED BY entry_by_at",
    "SELECT max(number), '' FROM entry INDEXED BY entry_by_subject",
    "SELECT CAST(value AS INTEGER), substr(value, instr(value, ' ') + 1) FROM meta WHERE key = 'anchor'",
)
"""Ways to the last number, the best first; pages of a table may be gone while those of an index are there."""


def salvage(file: Path) -> Contents:
    """What is readable, for a journal with a new epoch."""
    if is_orphaned(file):
        return Contents(new_epoch())
    with contextlib.suppress(*FAILURES), contextlib.closing(read_only(file)) as reader:
        reader.text_factory = bytes
        records, skipped = _records(reader)
        return Contents(new_epoch(), _head(reader, records), tuple(records.values()), _commands(reader), skipped)
    return Contents(new_epoch())


def _records(reader: sqlite3.Connection) -> tuple[dict[tuple[str, str], Put], int]:
    found: dict[tuple[str, str], Put] = {}
    bad: set[tuple[bytes, bytes]] = set()
    for kind in (kind for kind, cls in TYPES.items() if cls is not PointRecord):
        for order in ("ASC", "DESC"):  # from both ends up to the page that is gone
            query = f"SELECT kind, id, body FROM record WHERE kind = ? ORDER BY id {order}"  # noqa: S608
            for word, key, body in _rows(reader, query, (bytes, bytes, bytes), kind):
                try:
                    found[kind, key.decode()] = Put(key.decode(), decode(kind, body))
                except msgspec.DecodeError, UnicodeDecodeError:
                    bad.add((word, key))
    return found, len(bad)


def _commands(reader: sqlite3.Connection) -> tuple[Command, ...]:
    found: dict[str, Command] = {}
    for order in ("ASC", "DESC"):
        query = f"SELECT key, at, outcome FROM command ORDER BY key {order}"  # noqa: S608
        for key, at, outcome in _rows(reader, query, (bytes, float, bytes)):
            with contextlib.suppress(UnicodeDecodeError, msgspec.DecodeError):
                msgspec.json.decode(outcome)
                found[key.decode()] = Command(key.decode(), at, outcome.decode())
    return tuple(found.values())


def _head(reader: sqlite3.Connection, records: dict[tuple[str, str], Put]) -> Head:
    """The last entry; a number that no record's id surpasses."""
    heads = [BEGINNING]
    for query in _HEADS:
        for number, digest in _rows(reader, query, (int, bytes)):
            with contextlib.suppress(UnicodeDecodeError):
                heads.append(Head(number, digest.decode("ascii")))
    heads += [Head(int(tail), "") for _, key in records if (tail := key.rpartition("-")[2]).isdecimal()]
    return max(head for head in heads if 0 <= head.number < _MAX_NUMBER)


def _rows(reader: sqlite3.Connection, query: str, types: tuple[type, ...], *values: str) -> Iterator[tuple[Any, ...]]:
    """The rows of these types, up to the first that cannot be read: a damaged page can hold any type."""
    with contextlib.suppress(*FAILURES):
        for row in reader.execute(query, values):
            if all(map(isinstance, row, types, strict=True)):
                yield row
