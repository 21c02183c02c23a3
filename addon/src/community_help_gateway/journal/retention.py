"""Deletes what is old, a slice at a time, so that an alarm's commit waits for one slice at most.

Entries go from the beginning without a gap, because the chain is checked from its anchor on. An entry whose time
lies ahead, from a clock that was wrong, keeps those after it until its time has come.
"""

import asyncio
import sqlite3
from dataclasses import dataclass

from ..crash import reach
from .chain import Head, write_anchor

SLICE_ROWS = 2_000
"""At most this many entries or commands in one transaction (project's choice)."""

SLICE_BYTES = 4_000_000
"""About this many bytes of entries in one transaction (project's choice): entries of large incidents are long."""


@dataclass(slots=True)
class Retention:
    """A request to forget what is older than ``before`` and has a number below ``keep_from``."""

    before: float
    keep_from: int
    done: asyncio.Future[int]
    deleted: int = 0


def delete_slice(connection: sqlite3.Connection, request: Retention) -> bool:
    """One transaction of the work; whether there may be more."""
    reach("retention.before")
    connection.execute("BEGIN IMMEDIATE")
    try:
        entries = _delete_entries(connection, request)
        commands = _delete_commands(connection, request.before)
        reach("retention.inside")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    reach("retention.after")
    request.deleted += entries
    return bool(entries) or commands == SLICE_ROWS


def _delete_entries(connection: sqlite3.Connection, request: Retention) -> int:
    rows = connection.execute(
        "SELECT number, at, octet_length(body) FROM entry WHERE number < ? ORDER BY number LIMIT ?",
        (request.keep_from, SLICE_ROWS),
    )
    last, size = None, 0
    for number, at, length in rows:
        if at >= request.before or size > SLICE_BYTES:
            break
        last, size = number, size + length
    if last is None:
        return 0
    (digest,) = connection.execute("SELECT hash FROM entry WHERE number = ?", (last,)).fetchone()
    write_anchor(connection, Head(last, digest))
    return connection.execute("DELETE FROM entry WHERE number <= ?", (last,)).rowcount


def _delete_commands(connection: sqlite3.Connection, before: float) -> int:
    query = "DELETE FROM command WHERE key IN (SELECT key FROM command WHERE at < ? ORDER BY at LIMIT ?)"
    return connection.execute(query, (before, SLICE_ROWS)).rowcount
