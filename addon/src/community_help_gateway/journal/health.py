"""What the auditor asks of the journal."""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """Whether the last write worked, and how much room there is; None where the disk does not say.

    ``unwritten`` counts entries that are in memory only. ``file_bytes`` includes the write-ahead log.
    """

    writable: bool
    problem: str
    free_bytes: int | None
    file_bytes: int
    commits: int
    entries: int
    unwritten: int


def free_bytes(file: Path) -> int | None:
    """Room on the file's disk."""
    try:
        return shutil.disk_usage(file.parent).free
    except OSError:
        return None


def file_bytes(file: Path) -> int:
    """The size of the file with its write-ahead log."""
    size = 0
    for part in (file, file.with_name(f"{file.name}-wal")):
        with contextlib.suppress(OSError):
            size += part.stat().st_size
    return size
