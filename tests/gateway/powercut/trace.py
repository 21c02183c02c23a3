"""What ``record.c`` wrote down, as values; also compiles it."""

import struct
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_HEAD = struct.Struct("<c3xiqI4x")
"""``struct record`` of ``record.c``: kind, descriptor, offset, length of the data behind it."""


class Kind(Enum):
    """What happened."""

    START = b"S"
    OPEN = b"O"
    CREATE = b"C"
    CLOSE = b"X"
    WRITE = b"W"
    TRUNCATE = b"T"
    SYNC_BEGIN = b"B"
    SYNC_END = b"E"
    UNLINK = b"U"
    RENAME = b"R"
    SEND = b"N"
    MAPPED = b"M"
    OTHER = b"?"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that a process did. ``offset`` is a length for a truncation and a ticket for a sync."""

    kind: Kind
    fd: int = -1
    offset: int = 0
    data: bytes = b""

    @property
    def name(self) -> str:
        """The file's name below the root."""
        return self.data.decode()


def compiled(folder: Path) -> Path:
    """The recorder as a library, made with the machine's C compiler; a test that needs it fails without one."""
    library = folder / "record.so"
    source = Path(__file__).with_name("record.c")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", library, source], check=True
    )
    return library


def recording(library: Path, trace: Path, root: Path, slow_sync_us: int) -> dict[str, str]:
    """The environment variables that make a process record itself; see ``record.c``."""
    return {
        "LD_PRELOAD": str(library),
        "RECORD_TRACE": str(trace),
        "RECORD_ROOT": str(root.resolve()),
        "RECORD_SLOW_SYNC_US": str(slow_sync_us),
    }


def read(file: Path) -> list[Record]:
    """All records, in the order in which they took effect."""
    data, at, found = file.read_bytes(), 0, []
    while at < len(data):
        kind, fd, offset, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        found.append(Record(Kind(kind), fd, offset, data[at : at + length]))
        at += length
    return found
