"""One open journal file: opened with all checks that a start can afford, written in whole transactions."""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched, chain
from pathlib import Path

import msgspec

from .. import durable
from ..crash import reach
from ..model.incident import Name
from ..model.state import KINDS, Put
from .chain import BEGINNING, Head, check_tail, link, read_head
from .migrate import VERSION, migrate, version_of
from .rows import Command, Pending, decode, encode

BUSY_SECONDS = 1.0
"""How long a write waits for another program's lock before it counts as failed (project's choice)."""

COMMANDS_KEPT = 10_000
"""So many of the newest command outcomes are known after a start (project's choice)."""

ROWS_AT_ONCE = 100
"""So many rows in a statement. Between two of them the writing thread waits for the loop, a millisecond each when that
is busy: row by row a storm's commits would take a second (project's choice)."""

_REFUSED = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""Codes that speak of the disk, rights or locks and not of the file's content: waiting and mending help."""

_FORGET = """
UPDATE command SET outcome = json_set(outcome, '$.owner', '')
WHERE json_valid(outcome) AND json_extract(outcome, '$.owner_id') = ?
"""
"""A name that is erased goes from the answers to commands, too."""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT})
"""The last one: a number that is taken, because another program wrote to the file in between."""


FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What a statement can raise: the text of SQLite's own error can quote damaged bytes, which Python cannot read."""


class DamageError(Exception):
    """The file's content cannot be used. ``reason`` becomes a part of the name under which it is set aside."""

    def __init__(self, reason: str, problem: str) -> None:
        """``problem`` is for people."""
        super().__init__(problem)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds for a start; commands oldest first. ``skipped`` counts what could not be read."""

    epoch: str
    head: Head = BEGINNING
    records: tuple[Put, ...] = ()
    commands: tuple[Command, ...] = ()
    skipped: int = 0


def is_orphaned(file: Path) -> bool:
    """Whether there is a write-ahead log without its file: SQLite would delete it."""
    return _size(file) == 0 and _size(file.with_name(f"{file.name}-wal")) > 0


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def new_epoch() -> str:
    """The name of a journal that begins."""
    return secrets.token_hex(4)


def is_damage(error: Exception) -> bool:
    """Whether SQLite found the file's content at fault while it was in use."""
    return isinstance(error, UnicodeDecodeError) or code_of(error) in _DAMAGED


def code_of(error: Exception) -> int:
    """SQLite's primary result code, -1 for what Python says of itself."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & 0xFF if code >= 0 else code


def connect(file: Path) -> tuple[sqlite3.Connection, Contents]:
    """Open, check and bring to the newest schema; no file or an empty one becomes a journal with a new epoch.

    Raises DamageError for content that cannot be used, which is then as it was, and sqlite3.Error when the disk,
    the rights or another program stand in the way.
    """
    if is_orphaned(file):
        raise DamageError("damaged", "the file is gone or empty, but its write-ahead log is there")
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
        contents = _prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        if code_of(error) in _REFUSED:
            raise
        raise DamageError("damaged", str(error)) from error
    except (ValueError, TypeError, msgspec.DecodeError) as error:
        connection.close()
        raise DamageError("damaged", str(error)) from error
    except DamageError:
        connection.close()
        raise
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, False)
    try:
        _settle(file)
    except OSError:
        connection.close()
        raise
    return connection, contents


def _settle(file: Path) -> None:
    """What was read may be in the page cache only, left by a process that was killed before its sync: sync it.

    Otherwise a repeated alarm, which writes nothing, would be confirmed for what a power cut can still take away.
    The log carries none of SQLite's locks, so closing it here loses none. Raises OSError.
    """
    durable.sync(file.with_name(f"{file.name}-wal"))
    durable.sync(file.parent)


def _prepare(connection: sqlite3.Connection) -> Contents:
    found = version_of(connection)
    if found > VERSION:
        raise DamageError("newer", f"it was written by a newer gateway (schema {found}, this one knows {VERSION})")
    if found:
        _check(connection)
    elif connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
        raise DamageError("damaged", "it is a database of something else")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    migrate(connection)
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (new_epoch(),))
    check_tail(connection)
    return read(connection)


def _check(connection: sqlite3.Connection) -> None:
    """What a start reads must be whole; all the entries are for the chain's check."""
    for table in ("meta", "record", "command"):
        problem, *_ = connection.execute(f"PRAGMA quick_check({table})").fetchone()
        if problem != "ok":
            raise DamageError("damaged", problem)


def read(connection: sqlite3.Connection) -> Contents:
    """What the file holds; raises sqlite3.Error, ValueError or msgspec.DecodeError when it is damaged."""
    (epoch,) = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    rows = connection.execute("SELECT kind, id, CAST(body AS BLOB) FROM record")
    records = tuple(Put(key, decode(kind, body)) for kind, key, body in rows)
    newest = connection.execute("SELECT key, at, outcome FROM command ORDER BY at DESC LIMIT ?", (COMMANDS_KEPT,))
    commands = tuple(Command(*row) for row in reversed(newest.fetchall()))
    return Contents(epoch, read_head(connection), records, commands)


def write(connection: sqlite3.Connection, pending: Pending, head: Head) -> Head:
    """Write all that waits after ``head`` in one transaction; the answer is the new head."""
    reach("journal.before_begin")
    connection.execute("BEGIN IMMEDIATE")
    try:
        reach("journal.after_begin")
        head = fill(connection, pending, head)
        reach("journal.before_commit")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
    reach("journal.after_commit")
    return head


def fill(connection: sqlite3.Connection, pending: Pending, head: Head) -> Head:
    """Write all that waits inside the transaction that is open; the answer is the new head."""
    rows = []
    for row in pending.rows:
        head = Head(row.number, link(head.hash, row.number, row.body))
        rows.append((row.number, row.at, row.kind, row.subject, row.body.decode(), row.incident, head.hash))
    _write_rows(connection, "INSERT INTO entry VALUES %s", rows)
    reach("journal.after_rows")
    puts = [
        (kind, key, encode(record).decode()) for (kind, key), record in pending.records.items() if record is not None
    ]
    drops = [key for key, record in pending.records.items() if record is None]
    _write_rows(connection, "INSERT OR REPLACE INTO record VALUES %s", puts)
    _write_rows(connection, "DELETE FROM record WHERE (kind, id) IN (VALUES %s)", drops)
    _write_rows(connection, "INSERT OR IGNORE INTO command VALUES %s", pending.commands)
    if pending.epoch:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (pending.epoch,))
    connection.executemany(_FORGET, [(key,) for kind, key in drops if kind == KINDS[Name]])
    return head


def _write_rows(connection: sqlite3.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Carry out a statement for rows that have the same length; ``%s`` stands for their places."""
    for some in batched(rows, ROWS_AT_ONCE, strict=False):
        place = f"({', '.join('?' * len(some[0]))})"
        connection.execute(statement % ", ".join([place] * len(some)), tuple(chain.from_iterable(some)))


def read_only(file: Path) -> sqlite3.Connection:
    """A connection that never writes to the file."""
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
