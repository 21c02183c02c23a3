"""A journal as a start finds it: the entries read without the gateway's code, the records as the gateway loads them."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from community_help_gateway.journal.store import Journal
from community_help_gateway.model.state import State
from tests.gateway.powercut.kept import JOURNAL, Kept, read


@dataclass(frozen=True)
class Evidence:
    """``entries`` by number; ``commands`` are the keys of those that were carried out."""

    state: State
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    commands: frozenset[str] = frozenset()

    @property
    def number(self) -> int:
        """The last number."""
        return self.state.number


def evidence(folder: Path, state: State) -> Evidence:
    """What the journal in ``folder`` holds, read from a copy."""
    copy = folder.with_name(f"{folder.name}-copy")
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("control", "*-shm"))
    try:
        kept: Kept = read(copy)
    finally:
        shutil.rmtree(copy)
    return Evidence(state, {entry[0]: json.loads(entry[3]) for entry in kept.entries}, kept.commands)


async def opened(folder: Path) -> Evidence:
    """The same for a journal that nobody has open, with its records; the file is brought up to date."""
    journal = Journal.open(folder / JOURNAL)
    state = journal.load()
    await journal.close()
    return evidence(folder, state)
