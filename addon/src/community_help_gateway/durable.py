"""Small files that must survive a power cut: written whole or not at all, with their name."""

import os
from pathlib import Path


def write(file: Path, text: str) -> None:
    """Replace ``file`` by ``text``, readable by its owner alone; on the disk when this returns. Raises OSError."""
    beside = file.with_name(f".{file.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, text.encode("utf-8"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Put on the disk what any process wrote to a file or folder; nothing happens if it is not there."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(file: Path) -> str:
    """The text of ``file``; empty if it is not there or a power cut left nothing in it."""
    return file.read_text("utf-8").strip() if file.exists() else ""
