"""The file as the writing thread sees it: it may go away, come back, or turn out to be damaged, at any time."""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from .aside import SetAside, finish, replace
from .database import FAILURES, Contents, DamageError, code_of, connect, is_damage, new_epoch, write
from .opening import Opened
from .retention import Retention, delete_slice
from .rows import Pending
from .salvage import salvage

_LOGGER = logging.getLogger(__name__)
_REOPENED = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
"""After these the file is opened anew: what SQLite holds of it may not be what is on the disk."""


class Disk:
    """Writes in whole transactions, or raises OSError or sqlite3.Error, after which the same call may be repeated.

    ``gather`` makes the pending records complete: it is given the epoch that begins, and says whether it worked.
    """

    def __init__(self, file: Path, opened: Opened, gather: Callable[[str], bool]) -> None:
        """Go on from how the file was opened."""
        self.commits = 0
        self.entries = 0
        self.epoch = opened.contents.epoch
        self.head = opened.contents.head
        self.set_aside = opened.set_aside
        self.connection = opened.connection
        self._file = file
        self._identity = _identity(file) if opened.connection else None
        self._start: Contents | None = None if opened.connection else opened.contents
        self._gather = gather
        self._lost: DamageError | None = None
        self._complete = False

    def write(self, pending: Pending) -> None:
        """Put all that is pending on the disk, into a new file if the old one is damaged, and forget it."""
        if self.connection and _identity(self._file) != self._identity:
            self.leave(DamageError("foreign", "the file was removed or replaced while the gateway ran"))
        if not self.connection:
            self._reopen(pending)
        try:
            self._commit(pending)
        except FAILURES as error:
            if is_damage(error):
                self.leave(DamageError("damaged", str(error)))
                self._reopen(pending)
                return
            if code_of(error) in _REOPENED:
                self._release()
            raise

    def delete(self, request: Retention) -> bool:
        """Delete one slice; whether there may be more. Raises sqlite3.Error."""
        if not self.connection:
            raise _not_open()
        return delete_slice(self.connection, request)

    def leave(self, damage: DamageError) -> None:
        """Never write to this file again; a new epoch begins with the next write."""
        self._release()
        self._lost = damage
        self._complete = False
        self.epoch = new_epoch()

    def close(self) -> None:
        """Close the file; what SQLite left in the write-ahead log is moved into it."""
        if self.connection:
            self.connection.close()
            self.connection = None

    def _commit(self, pending: Pending) -> None:
        if not self.connection:
            raise _not_open()
        if pending:
            self.head = write(self.connection, pending, self.head)
            self._written(pending)

    def _written(self, pending: Pending) -> None:
        self.commits += 1
        self.entries += len(pending.rows)
        self.epoch = pending.epoch or self.epoch
        pending.clear()

    def _reopen(self, pending: Pending) -> None:
        """Find the file as it was left, or put a new one in its place."""
        lost = self._lost or self._find(pending)
        if lost and not self._lost and not self._start:
            self.leave(lost)
        if lost:
            self._replace(pending, lost)
            self._find(pending)

    def _find(self, pending: Pending) -> DamageError | None:
        """Use the file if it is ours; otherwise say what is wrong with it."""
        finish(self._file)
        if not self._file.exists():
            return DamageError("" if self._start else "foreign", "there was no file")
        try:
            connection, contents = connect(self._file)
        except DamageError as damage:
            return damage
        if contents.epoch != self.epoch or contents.head.number < self.head.number:
            connection.close()
            return DamageError("foreign", "it is not the journal that the gateway works with")
        self.connection, self.head = connection, contents.head
        self._identity, self._start, self._complete = _identity(self._file), None, False
        pending.rows = [row for row in pending.rows if row.number > contents.head.number]  # a commit's end was not seen
        return None

    def _replace(self, pending: Pending, lost: DamageError) -> None:
        found = self._start if self._start and lost.reason != "foreign" else salvage(self._file)
        if not self._complete:
            gathered = self._gather(self.epoch)
            if not gathered or (self._start and lost.reason == "foreign"):
                pending.underlay(found.records)
            if not gathered and self._start:
                pending.underlay(self._start.records)
            self._complete = True
        commands = {command.key: command for side in (found, self._start) if side for command in side.commands}
        contents = Contents(self.epoch, self.head, (), tuple(commands.values()))
        target = replace(self._file, contents, pending, lost.reason)
        if target:
            count = sum(record is not None for record in pending.records.values())
            self.set_aside = SetAside(lost.reason, str(lost), target, count, found.skipped)
            _LOGGER.error("%s", self.set_aside.remedy)
        self._lost = None
        self._written(pending)

    def _release(self) -> None:
        """Close without touching the file: whether it can be trusted is not known."""
        if self.connection:
            self.connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
            self.connection.close()
            self.connection = None


def _not_open() -> sqlite3.Error:
    return sqlite3.OperationalError("no file can be opened")


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file stands under the name."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
