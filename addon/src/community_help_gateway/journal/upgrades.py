"""What a new schema version needs beyond SQL: one step per version, in the version's own transaction."""

import sqlite3
from collections.abc import Callable


def to_version_2(_connection: sqlite3.Connection) -> None:
    """Records and entries of version 1 are read as they are."""


STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {2: to_version_2}
"""Run after the version's SQL script. A step must not commit."""
