"""A process that works on a journal and says what was confirmed, until it is killed.

Every confirmed number is one line. ``python writing_process.py FILE WORK FIRST LAST``; see ``WORKS``.
"""

import asyncio
import os
import sys
from pathlib import Path

from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import everything, submit

GROUP = 5
"""So many entries are handed over at once."""


async def write(journal: Journal, first: int, last: int) -> None:
    """Write in groups."""
    for start in range(first, last + 1, GROUP):
        futures = {number: submit(journal, number) for number in range(start, min(start + GROUP, last + 1))}
        for number, future in futures.items():
            await future
            print(number, flush=True)


async def retain(journal: Journal, first: int, last: int) -> None:
    """Write, and forget all but the last few."""
    await write(journal, first, last)
    await journal.retain(float(last), last - GROUP)


async def lose(journal: Journal, first: int, last: int) -> None:
    """Write, have the file damaged by something else, write on."""
    middle = (first + last) // 2
    await write(journal, first, middle)
    journal.rebuild = lambda: everything(reached[-1])
    reached.append(middle)
    journal._writer.disk.connection.execute("PRAGMA cache_size = 0")  # what is damaged is read again
    for name in (journal.file, journal.file.with_name(f"{journal.file.name}-wal")):
        with name.open("r+b") as file:
            file.seek(0)
            file.write(os.urandom(name.stat().st_size))
    for number in range(middle + 1, last + 1):
        reached.append(number)
        await submit(journal, number)
        print(number, flush=True)


async def look(journal: Journal, first: int, last: int) -> None:
    """Only open: a migration, or something to set aside."""


reached: list[int] = []
WORKS = {"write": write, "retain": retain, "lose": lose, "look": look}


async def main(file: str, work: str, first: str, last: str) -> None:
    """Open, work, close."""
    journal = Journal.open(Path(file))
    await WORKS[work](journal, int(first), int(last))
    await journal.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
