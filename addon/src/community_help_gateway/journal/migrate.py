"""Brings a journal file to the newest schema. Every schema that ever shipped is in the tree and opens.

A version is one transaction: its SQL script, its step in ``upgrades``, and the number in the file. A power cut
leaves the old version or the new one.
"""

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from ..crash import reach
from .upgrades import STEPS

VERSION = 3
"""The schema that this version writes; ``PRAGMA user_version`` of the file."""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema that the file has; 0 for an empty file."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing; raises sqlite3.Error and leaves the file at the last version that is whole."""
    for version in range(version_of(connection) + 1, VERSION + 1):
        reach("migration.before")
        connection.execute("BEGIN IMMEDIATE")
        try:
            _apply(connection, version)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        reach("migration.after")


def _apply(connection: sqlite3.Connection, version: int) -> None:
    script = files(__package__).joinpath(f"schema/v{version}.sql").read_text("utf-8")
    for statement in _statements(script):
        connection.execute(statement)
    if version in STEPS:
        STEPS[version](connection)
    reach("migration.inside")
    connection.execute(f"PRAGMA user_version = {version}")


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: ``executescript`` would commit before it begins."""
    gathered = ""
    for line in script.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
