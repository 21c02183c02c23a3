"""The chain: each entry's hash covers the hash before it, so a changed, removed or moved entry shows (promise 7).

The head is kept elsewhere too, because whoever can write the file can compute a new chain. Retention keeps an
anchor in place of what it deleted.
"""

import contextlib
import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..errors import JournalError


class Head(NamedTuple):
    """An entry's place in the chain; ``hash`` is empty where the chain begins."""

    number: int
    hash: str


BEGINNING = Head(0, "")
"""Before the first entry of all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. ``broken`` is the first number that is not as it was written, None when all are."""

    anchor: Head
    head: Head
    checked: int
    broken: int | None = None


class _Columns(msgspec.Struct):
    """What an entry's columns repeat of its body."""

    number: int
    at: float
    kind: str
    subject: str


def link(previous: str, number: int, body: bytes) -> str:
    """The hash of an entry after the one with the hash ``previous``."""
    return hashlib.sha256(b"%b%d%b" % (previous.encode(), number, body)).hexdigest()


def read_anchor(connection: sqlite3.Connection) -> Head:
    """Where the chain begins."""
    (text,) = connection.execute("SELECT value FROM meta WHERE key = 'anchor'").fetchone()
    number, _, digest = text.partition(" ")
    return Head(int(number), digest)


def write_anchor(connection: sqlite3.Connection, anchor: Head) -> None:
    """Let the chain begin after ``anchor``."""
    text = f"{anchor.number} {anchor.hash}"
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('anchor', ?)", (text,))


def read_head(connection: sqlite3.Connection) -> Head:
    """The last entry, or the anchor when there is none."""
    row = connection.execute("SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1").fetchone()
    anchor = read_anchor(connection)
    return max(anchor, Head(*row)) if row else anchor


def check_tail(connection: sqlite3.Connection) -> None:
    """Raise ValueError unless the last entry fits the one before it: all that a start can afford."""
    anchor = read_anchor(connection)
    query = "SELECT number, CAST(body AS BLOB), hash FROM entry WHERE number > ? ORDER BY number DESC LIMIT 2"
    last, *before = connection.execute(query, (anchor.number,)).fetchall() or [None]
    if last and link(before[0][2] if before else anchor.hash, last[0], last[1]) != last[2]:
        message = f"entry {last[0]} is not as it was written"
        raise ValueError(message)


def verify(file: Path, expected: Head | None = None) -> Verdict:
    """Compute the whole chain anew, in the caller's thread, and hold ``expected`` (a head kept elsewhere) against it.

    Raises JournalError for a file that cannot be read.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as reader:
            reader.execute("BEGIN")
            return _walk(reader, expected)
    except (sqlite3.Error, ValueError) as error:
        raise JournalError(file=str(file), problem=f"cannot be verified ({error})") from error


def _walk(reader: sqlite3.Connection, expected: Head | None) -> Verdict:
    anchor = read_anchor(reader)
    head = anchor
    rows = reader.execute(
        "SELECT number, at, kind, subject, CAST(body AS BLOB), hash FROM entry WHERE number > ? ORDER BY number",
        (anchor.number,),
    )
    for checked, (number, at, kind, subject, body, digest) in enumerate(rows):
        if link(head.hash, number, body) != digest:
            return Verdict(anchor, head, checked, min(number, head.number + 1))
        if not _repeats(body, _Columns(number, at, kind, subject)):
            return Verdict(anchor, head, checked, number)
        if expected and number == expected.number and digest != expected.hash:
            return Verdict(anchor, head, checked, number)
        head = Head(number, digest)
    (count,) = reader.execute("SELECT count(*) FROM entry WHERE number > ?", (anchor.number,)).fetchone()
    cut = head.number + 1 if expected and expected.number > head.number else None
    return Verdict(anchor, head, count, cut)


def _repeats(body: bytes, columns: _Columns) -> bool:
    try:
        return msgspec.json.decode(body, type=_Columns) == columns
    except msgspec.DecodeError:
        return False
