"""Brings a journal file to the newest schema. Every schema that ever shipped is in the tree and opens."""

import sqlite3
from importlib.resources import files

from ..errors import JournalError

VERSION = 1
"""The schema that this version writes; ``PRAGMA user_version`` of the file."""


def migrate(connection: sqlite3.Connection, file: str) -> None:
    """Apply what is missing, each version in a transaction; raises JournalError for a newer file."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        problem = f"was written by a newer gateway (schema {found}, this one knows {VERSION}); update the gateway"
        raise JournalError(file=file, problem=problem)
    for version in range(found + 1, VERSION + 1):
        script = files(__package__).joinpath(f"schema/v{version}.sql").read_text("utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;")
