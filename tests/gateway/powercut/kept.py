"""What a journal file holds, read without the gateway's own code."""

import contextlib
import hashlib
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

JOURNAL = "journal.sqlite"
WAL = f"{JOURNAL}-wal"


class DamagedError(AssertionError):
    """SQLite says that the file is damaged."""


@dataclass(frozen=True)
class Kept:
    """The record's rows (number, kind, subject, body), the commands that were carried out, a digest of all tables.

    The digest leaves out ``meta``, where a start may note that it happened.
    """

    entries: tuple[tuple[int, str, str, str], ...] = ()
    commands: frozenset[str] = frozenset()
    digest: str = field(default_factory=lambda: hashlib.sha256().hexdigest())

    @property
    def last(self) -> int:
        """The highest number."""
        return self.entries[-1][0] if self.entries else 0

    @cached_property
    def kinds(self) -> dict[int, str]:
        """What every number is."""
        return {number: kind for number, kind, _, _ in self.entries}

    @cached_property
    def episodes(self) -> Counter[str]:
        """How many alarms of each point became part of an incident."""
        return Counter(point_of(json.loads(body)) for _, kind, _, body in self.entries if kind in ("raised", "joined"))

    @cached_property
    def words(self) -> Counter[str]:
        """How often each point's signals changed: whatever the row is about, the point stands in it."""
        points = (json.loads(body).get("point") for _, _, _, body in self.entries)
        return Counter(point["id"] for point in points if point)

    @cached_property
    def acknowledged(self) -> frozenset[str]:
        """The incidents that somebody took."""
        return frozenset(subject for _, kind, subject, _ in self.entries if kind == "acknowledged")

    @cached_property
    def open(self) -> frozenset[str]:
        """The incidents that nobody closed."""
        by_kind = {kind: {entry[2] for entry in self.entries if entry[1] == kind} for kind in ("raised", "closed")}
        return frozenset(by_kind["raised"] - by_kind["closed"])


def point_of(body: dict[str, Any]) -> str:
    """The point whose alarm a "raised" or "joined" row is about."""
    member: dict[str, str] = body["member"]
    return member["point"]


def read(folder: Path) -> Kept:
    """Everything that the journal in ``folder`` holds; raises DamagedError. A file without tables holds nothing."""
    if not (folder / JOURNAL).exists():
        return Kept()
    with contextlib.closing(sqlite3.connect(folder / JOURNAL)) as connection:
        try:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            return _read(connection) if verdict == "ok" else _damaged(verdict)
        except sqlite3.DatabaseError as error:
            return _damaged(str(error))


def _damaged(verdict: str) -> Kept:
    raise DamagedError(verdict)


def _read(connection: sqlite3.Connection) -> Kept:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('meta') ORDER BY name"
    tables = [name for (name,) in connection.execute(query)]
    if "entry" not in tables:
        return Kept()
    digest = hashlib.sha256()
    for table in tables:
        rows = sorted(map(repr, connection.execute(f"SELECT * FROM {table}")))
        digest.update("\n".join(rows).encode())
    entries = connection.execute("SELECT number, kind, subject, body FROM entry ORDER BY number").fetchall()
    commands = frozenset(key for (key,) in connection.execute("SELECT key FROM command"))
    return Kept(tuple(entries), commands, digest.hexdigest())
