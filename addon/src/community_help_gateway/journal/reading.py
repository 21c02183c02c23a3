"""Reads entries for clients and reports over its own read-only connection, in the caller's thread."""

import contextlib
import logging
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from ..model.state import INCIDENT_EVENTS, Event
from .database import read_only

_LOGGER = logging.getLogger(__name__)
type Value = str | int | float


def history(file: Path, after: int, limit: int) -> list[Event]:
    """Incident events with a number above ``after``, oldest first, at most ``limit``."""
    kinds = sorted(INCIDENT_EVENTS)
    where = f"number > ? AND kind IN ({_marks(kinds)})"
    return _events(file, where, (after, *kinds, limit))


def timeline(file: Path, incident: str, limit: int) -> list[Event]:
    """What concerns an incident, oldest first, at most ``limit``."""
    return _events(file, "incident = ?", (incident, limit))


def between(file: Path, start: float, end: float, kinds: Collection[str], after_number: int, limit: int) -> list[Event]:
    """Entries from ``start`` to before ``end`` of these kinds (none given: of all), numbered above ``after_number``."""
    where = "at >= ? AND at < ? AND number > ?"
    if kinds:
        where += f" AND kind IN ({_marks(kinds)})"
    return _events(file, where, (start, end, after_number, *sorted(kinds), limit))


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))


def _events(file: Path, where: str, values: Iterable[Value]) -> list[Event]:
    """Decode the bodies; one that cannot be decoded is named in the log and left out."""
    query = f"SELECT number, CAST(body AS BLOB) FROM entry WHERE {where} ORDER BY number LIMIT ?"  # noqa: S608
    events = []
    with contextlib.closing(read_only(file)) as reader:
        for number, body in reader.execute(query, tuple(values)):
            try:
                events.append(msgspec.json.decode(body, type=Event))
            except msgspec.DecodeError as error:
                _LOGGER.error("Entry %d of the journal %s cannot be read: %s", number, file, error)
    return events
