"""A start always gets a journal: the file, a new one in place of an unusable one, or none for the time being."""

import contextlib
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import JournalError
from .aside import SIDE_FILES, SetAside, finish, replace
from .database import Contents, DamageError, connect, new_epoch
from .rows import Pending
from .salvage import salvage


@dataclass(frozen=True, slots=True)
class Opened:
    """What a start has. Without a connection nothing can be written now, ``problem`` says why."""

    contents: Contents
    connection: sqlite3.Connection | None = None
    set_aside: SetAside | None = None
    problem: str = ""


def open_file(file: Path) -> Opened:
    """Open or create; raises JournalError where something that is no file is in the way."""
    _refuse(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        finish(file)
        connection, contents = connect(file)
    except DamageError as damage:
        return _replaced(file, damage)
    except (OSError, sqlite3.Error) as error:
        return Opened(_borrowed(file), problem=str(error))
    return Opened(contents, connection)


def put_aside(file: Path, contents: Contents, pending: Pending, damage: DamageError) -> Opened:
    """Replace ``file`` by a new one with ``contents`` and all that is pending.

    Raises OSError or sqlite3.Error when that cannot be done now.
    """
    target = replace(file, contents, pending, damage.reason)
    count = sum(record is not None for record in pending.records.values())
    aside = SetAside(damage.reason, str(damage), target, count, contents.skipped) if target else None
    connection, contents = connect(file)
    return Opened(contents, connection, aside)


def _replaced(file: Path, damage: DamageError) -> Opened:
    contents = salvage(file)
    pending = Pending()
    pending.underlay(contents.records)
    try:
        return put_aside(file, contents, pending, damage)
    except (OSError, sqlite3.Error, DamageError) as error:
        return Opened(contents, problem=f"{damage}; no new one can be made ({error})")


def _borrowed(file: Path) -> Contents:
    """What a file holds that cannot be opened for writing, read from a copy elsewhere."""
    with contextlib.suppress(OSError, sqlite3.Error), tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        for suffix in ("", *SIDE_FILES[:1]):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{file}{suffix}", f"{copy}{suffix}")
        try:
            connection, contents = connect(copy)
            connection.close()
        except DamageError:
            return salvage(copy)
        return contents
    return Contents(new_epoch())


def _refuse(file: Path) -> None:
    if file.is_dir() or (file.parent.exists() and not file.parent.is_dir()):
        raise JournalError(file=str(file), problem="cannot be made: there is something else in its place; move it away")
