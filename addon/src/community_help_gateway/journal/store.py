"""The journal's file: written by one thread, a commit taking what arrived while the last one ran.

SQLite in WAL mode with ``synchronous=FULL``: a commit has reached the disk before its future is done, so a
power cut right after loses nothing that was confirmed. What could not be written is kept and written first.
"""

import asyncio
import contextlib
import logging
import queue
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..errors import JournalError
from ..model.state import INCIDENT_EVENTS, KINDS, Change, Event, Put, State
from .migrate import migrate

_LOGGER = logging.getLogger(__name__)
_TYPES = {kind: cls for cls, kind in KINDS.items()}
RETRY_SECONDS = 1.0
"""How soon a failed write is tried again (project's choice)."""

COMMANDS_KEPT = 10_000
"""So many of the newest command outcomes are known after a start (project's choice)."""


@dataclass(frozen=True, slots=True)
class DiskHealth:
    """How the file is."""

    writable: bool = True
    findings: tuple[str, ...] = ()
    free_bytes: int = 0
    file_bytes: int = 0


@dataclass(slots=True)
class _Batch:
    """What one decision writes: all of it or nothing."""

    events: Sequence[Event]
    changes: Sequence[Change]
    command: tuple[str, float, str] | None
    done: asyncio.Future[None]


class Journal:
    """One open journal. Create with ``open``; all methods but ``history`` return at once."""

    def __init__(self, file: Path, connection: sqlite3.Connection, epoch: str) -> None:
        """Use ``Journal.open``."""
        self.epoch = epoch
        self.file = file
        self.commits = 0
        self._connection = connection
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._unwritten: list[_Batch] = []
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_forever, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, file: Path) -> Journal:
        """Open or create; raises JournalError, which names the file and the remedy."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise _cannot_open(file, error) from error
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection, str(file))
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (secrets.token_hex(4),))
            (epoch,) = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        except sqlite3.Error as error:
            connection.close()
            raise _cannot_open(file, error) from error
        except JournalError:
            connection.close()
            raise
        return cls(file, connection, epoch)

    def load(self) -> State:
        """Everything as it stood after the last commit."""
        (number,) = self._connection.execute("SELECT coalesce(max(number), 0) FROM entry").fetchone()
        changes = tuple(
            Put(key, msgspec.json.decode(body, type=_TYPES[kind]))
            for kind, key, body in self._connection.execute("SELECT kind, id, body FROM record")
        )
        state = State(self.epoch)
        state.apply(changes, number)
        return state

    def commands(self) -> dict[str, str]:
        """The outcomes of the newest commands by key, oldest first."""
        rows = self._connection.execute("SELECT key, outcome FROM command ORDER BY at DESC LIMIT ?", (COMMANDS_KEPT,))
        return dict(reversed(rows.fetchall()))

    def submit(
        self, events: Sequence[Event], changes: Sequence[Change], command: tuple[str, float, str] | None = None
    ) -> asyncio.Future[None]:
        """Write in the order of the calls; the future is done once it is on the disk, or fails with JournalError.

        Nothing to write is a barrier: its future is done when all that came before is on the disk.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(_Batch(events, changes, command, done))
        return done

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry."""
        return 0, ""

    def check(self) -> DiskHealth:
        """Whether the file takes what is written."""
        return DiskHealth()

    async def history(self, after: int, limit: int) -> list[Event]:
        """Incident events with a number above ``after``, oldest first, at most ``limit``."""
        return await asyncio.to_thread(self._history, after, limit)

    def _history(self, after: int, limit: int) -> list[Event]:
        marks = ",".join("?" * len(INCIDENT_EVENTS))
        query = f"SELECT body FROM entry WHERE number > ? AND kind IN ({marks}) ORDER BY number LIMIT ?"  # noqa: S608
        with contextlib.closing(sqlite3.connect(self.file)) as reader:
            return [
                msgspec.json.decode(body, type=Event)
                for (body,) in reader.execute(query, (after, *sorted(INCIDENT_EVENTS), limit))
            ]

    async def close(self) -> None:
        """Write what is left and close the file."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _write_forever(self) -> None:
        running = True
        while running or self._unwritten:
            running = self._collect() and running
            if self._unwritten and not self._commit(self._unwritten) and not running:
                return
            self._loop_call(self._unwritten, None)
            self._unwritten = []

    def _collect(self) -> bool:
        """Take everything that has arrived; waits for the first. False when the journal is to close."""
        item = self._queue.get()
        while True:
            if item is None:
                return False
            self._unwritten.append(item)
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return True

    def _commit(self, batches: list[_Batch]) -> bool:
        """Write until it works; every failed try is reported to those who wait."""
        while True:
            try:
                self._write(batches)
            except sqlite3.Error as error:
                _LOGGER.error("The journal %s cannot be written: %s. Free space or mend the disk", self.file, error)
                self._loop_call(batches, JournalError(file=str(self.file), problem=str(error)))
                if self._wait_for_more(batches):
                    continue
                return False
            return True

    def _wait_for_more(self, batches: list[_Batch]) -> bool:
        """Wait a moment before the next try, taking what arrives. False when the journal is to close."""
        try:
            item = self._queue.get(timeout=RETRY_SECONDS)
        except queue.Empty:
            return True
        if item is not None:
            batches.append(item)
        return item is not None

    def _write(self, batches: Iterable[_Batch]) -> None:
        if not any(batch.events or batch.changes or batch.command for batch in batches):
            return
        rows: list[tuple[int, float, str, str, str]] = []
        puts: list[tuple[str, str, str]] = []
        drops: list[tuple[str, str]] = []
        commands: list[tuple[str, float, str]] = []
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            for batch in batches:
                rows += [(e.number, e.at, e.kind, e.subject, msgspec.json.encode(e).decode()) for e in batch.events]
                for change in batch.changes:
                    self._flush(puts, drops, put=isinstance(change, Put))
                    if isinstance(change, Put):
                        body = msgspec.json.encode(change.record).decode()
                        puts.append((KINDS[type(change.record)], change.id, body))
                    else:
                        drops.append((KINDS[change.type], change.id))
                if batch.command:
                    commands.append(batch.command)
            self._flush(puts, drops, put=None)
            self._connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            self._connection.executemany("INSERT OR IGNORE INTO command VALUES (?, ?, ?)", commands)
            execute("COMMIT")
            self.commits += 1
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                execute("ROLLBACK")
            raise

    def _flush(self, puts: list[tuple[str, str, str]], drops: list[tuple[str, str]], *, put: bool | None) -> None:
        """Write the gathered puts or drops when the other sort comes, so that the order is kept."""
        if puts and not put:
            self._connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", puts)
            puts.clear()
        if drops and (put or put is None):
            self._connection.executemany("DELETE FROM record WHERE kind = ? AND id = ?", drops)
            drops.clear()

    def _loop_call(self, batches: Sequence[_Batch], error: JournalError | None) -> None:
        futures = [batch.done for batch in batches]
        with contextlib.suppress(RuntimeError):  # the loop may be gone when the process ends
            self._loop.call_soon_threadsafe(_resolve, futures, error)


def _resolve(futures: Iterable[asyncio.Future[None]], error: JournalError | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
            future.exception()  # whoever waits sees it; nobody waiting is no error of its own


def _cannot_open(file: Path, error: Exception) -> JournalError:
    return JournalError(file=str(file), problem=f"cannot be opened ({error}); check the folder's rights and the disk")
