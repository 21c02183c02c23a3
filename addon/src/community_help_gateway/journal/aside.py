"""Puts a new file in the place of one that cannot be used, which is kept beside it, unharmed.

The new file is complete before it is called ".new" and before the old one is renamed, so a power cut anywhere
leaves either the old file, or the new one to be put in place at the next start.
"""

import contextlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from ..crash import reach
from .chain import write_anchor
from .database import Contents, fill
from .migrate import migrate
from .rows import Pending

SIDE_FILES = ("-wal", "-shm")
"""What belongs to a SQLite file in WAL mode; a log is lost when it is not beside its file under the same name."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """What became of a file that could not be used. ``path`` is where it is now; ``problem`` is for people."""

    reason: str
    problem: str
    path: Path
    records: int
    skipped: int

    @property
    def remedy(self) -> str:
        """What happened and what people can do, in one text."""
        advice = "update the gateway" if self.reason == "newer" else "check the disk"
        return (
            f"The journal could not be used: {self.problem}. It was set aside as {self.path}; a new one goes on with "
            f"{self.records} records ({self.skipped} were unreadable). Keep the file as evidence and {advice}"
        )


def replace(file: Path, contents: Contents, pending: Pending, reason: str) -> Path | None:
    """Build a new file with ``contents`` and all that is pending, and put it in the place of ``file``.

    The answer is where the old file is now, None when there was none. After OSError or sqlite3.Error the same call
    or ``finish`` brings it to an end.
    """
    reach("aside.before_fill")
    new, draft = _side(file, ".new"), _side(file, ".draft")
    _clear(draft)
    _build(draft, contents, pending)
    draft.rename(new)
    reach("aside.before_rename")
    target = _move(file, reason) if _exists(file) else None
    reach("aside.after_rename")
    new.rename(file)
    _sync(file.parent)
    reach("aside.after")
    return target


def finish(file: Path) -> None:
    """Complete or undo what a power cut interrupted."""
    new = _side(file, ".new")
    if new.exists() and not file.exists():
        if any(_side(file, suffix).exists() for suffix in SIDE_FILES):
            _move_sides(file, _owner(file))
        new.rename(file)
        _sync(file.parent)
    elif new.exists():
        _clear(new)


def _build(new: Path, contents: Contents, pending: Pending) -> None:
    with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (contents.epoch,))
        write_anchor(connection, contents.head)
        connection.executemany("INSERT INTO command VALUES (?, ?, ?)", contents.commands)
        fill(connection, pending, contents.head)
        connection.execute("COMMIT")


def _exists(file: Path) -> bool:
    return file.exists() or any(_side(file, suffix).exists() for suffix in SIDE_FILES)


def _move(file: Path, reason: str) -> Path:
    """Rename a file with what belongs to it, never onto an earlier one."""
    target = _free(file, reason)
    if file.exists():
        file.rename(target)
    _move_sides(file, target)
    _sync(file.parent)
    return target


def _move_sides(file: Path, target: Path) -> None:
    for suffix in SIDE_FILES:
        if _side(file, suffix).exists():
            _side(file, suffix).rename(_side(target, suffix))


def _free(file: Path, reason: str) -> Path:
    stem = f"{file.name}.{reason}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    target, count = file.with_name(stem), 1
    while _exists(target):
        count += 1
        target = file.with_name(f"{stem}-{count}")
    return target


def _owner(file: Path) -> Path:
    """Where the file went whose side files are still here: the newest one that has none."""
    found = [
        path
        for path in file.parent.glob(f"{file.name}.*-*T*")
        if not path.name.endswith(SIDE_FILES) and not any(_side(path, suffix).exists() for suffix in SIDE_FILES)
    ]
    return max(found, key=lambda path: path.stat().st_ctime_ns, default=_free(file, "damaged"))


def _clear(new: Path) -> None:
    for suffix in ("", "-journal", *SIDE_FILES):
        _side(new, suffix).unlink(missing_ok=True)


def _side(file: Path, suffix: str) -> Path:
    return file.with_name(f"{file.name}{suffix}")


def _sync(folder: Path) -> None:
    """Make renames durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
