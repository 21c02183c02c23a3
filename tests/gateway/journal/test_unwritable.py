"""Promise 13: with a journal that cannot be written everybody is told at once, and it is written first on recovery."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from community_help_gateway.errors import JournalError
from community_help_gateway.journal import opening
from community_help_gateway.journal.chain import Head, verify
from community_help_gateway.journal.database import Contents
from community_help_gateway.journal.disk import Disk
from community_help_gateway.journal.rows import Batch, Pending, keyed
from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import changes, event, everything, holds, numbers, submit, write

ROOT = Path(__file__).parents[3]

FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from community_help_gateway.errors import JournalError
from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import submit

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

async def main(file):
    journal = Journal.open(file)
    number, refused = 0, 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
    while refused < 5:
        number += 1
        try:
            await submit(journal, number)
        except JournalError:
            refused += 1
        else:
            assert not refused, "a later one may not be confirmed before an earlier one"
            print(number)
    assert not journal.check().writable
    assert journal.check().unwritten == 5
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    async with asyncio.timeout(20):
        while not journal.check().writable:
            await asyncio.sleep(0.01)
    await submit(journal, number + 1)
    await journal.close()
    print(number + 1)

asyncio.run(main(Path(sys.argv[1])))
"""
"""The kernel refuses to let any file of this process grow beyond a size: a real failing write, without a full disk."""


@contextlib.contextmanager
def read_only(journal: Journal) -> object:
    """SQLite refuses every write of the journal's connection with SQLITE_READONLY, as on a disk gone read-only."""
    connection = journal._writer.disk.connection
    assert connection
    connection.execute("PRAGMA query_only = 1")
    yield
    connection.execute("PRAGMA query_only = 0")


@contextlib.contextmanager
def full(journal: Journal) -> object:
    """SQLite refuses to let the file grow with SQLITE_FULL, as on a full disk."""
    connection = journal._writer.disk.connection
    assert connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    connection.execute("PRAGMA max_page_count = 1000000")


@contextlib.contextmanager
def locked(journal: Journal) -> object:
    """Another program holds the file."""
    connection = journal._writer.disk.connection
    assert connection
    connection.execute("PRAGMA busy_timeout = 0")
    with contextlib.closing(sqlite3.connect(journal.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def until(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def test_a_disk_that_takes_no_more_and_then_does(tmp_path: Path) -> None:
    """Real failing writes: nothing is confirmed out of order, and all of it is in the file after the recovery."""
    file = tmp_path / "j.sqlite"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'addon/src'}:{ROOT}"}
    child = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(file)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert child.returncode == 0, child.stderr
    confirmed = [int(line) for line in child.stdout.split()]
    assert len(confirmed) > 10
    assert numbers(file) == list(range(1, confirmed[-1] + 1))
    assert child.stderr.count("cannot be written") == 1, "the log is not flooded"
    assert verify(file).broken is None


@pytest.mark.parametrize("way", [read_only, full, locked])
async def test_who_waits_is_told_once_and_recovery_writes_in_order(
    tmp_path: Path, way: Callable[[Journal], contextlib.AbstractContextManager[object]]
) -> None:
    """Each batch fails at once with JournalError; when it works again all are there before any later one."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    await write(journal, 1, 5)
    with way(journal):
        number = 5
        while journal.check().unwritten < 60:
            number += 1
            with contextlib.suppress(JournalError):
                await submit(journal, number)
        with pytest.raises(JournalError):
            await journal.submit((), ())
        health = journal.check()
        assert not health.writable
        assert health.problem
        assert numbers(file) == list(range(1, number + 1 - health.unwritten))
    await until(lambda: journal.check().writable)
    assert numbers(file) == list(range(1, number + 1))
    assert holds(journal.load(), number)
    await journal.close()
    assert verify(file, journal.head).broken is None


async def test_telling_is_quick_while_trying_is_slow(tmp_path: Path) -> None:
    """A disk on which every try takes long is tried once a second; a page does not wait for a try of its own."""
    journal = Journal.open(tmp_path / "j.sqlite")
    with locked(journal):
        journal._writer.disk.connection.execute("PRAGMA busy_timeout = 300")  # type: ignore[union-attr]
        with pytest.raises(JournalError):
            await submit(journal, 1)
        begun = time.monotonic()
        for number in range(2, 12):
            with pytest.raises(JournalError):
                await submit(journal, number)
        assert time.monotonic() - begun < 1.0
    await until(lambda: journal.check().writable)
    assert numbers(journal.file) == list(range(1, 12))
    await journal.close()


async def test_records_do_not_pile_up(tmp_path: Path) -> None:
    """While nothing can be written, a record that changes a thousand times is kept once."""
    journal = Journal.open(tmp_path / "j.sqlite")
    with read_only(journal):
        for number in range(1, 1001):
            submit(journal, number)
        with pytest.raises(JournalError):
            await journal.submit((), ())
        assert (len(journal._writer.pending.rows), len(journal._writer.pending.records)) == (1000, 21)
    await until(lambda: journal.check().writable)
    assert holds(journal.load(), 1000)
    await journal.close()


async def test_a_place_where_nothing_can_be_made_still_starts_and_recovers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The journal begins in memory; when the folder can be made, all is written under the epoch that was told."""
    folder = Path("/proc/self/nowhere")
    journal = Journal.open(folder / "j.sqlite")
    journal.rebuild = lambda: everything(2)
    epoch = journal.epoch
    assert "cannot be written" in caplog.text
    assert not journal.check().writable
    for number in (1, 2):
        with pytest.raises(JournalError):
            await submit(journal, number)
    assert await journal.history(0, 10) == []
    journal.file = journal._writer._file = journal._writer.disk._file = tmp_path / "j.sqlite"
    await until(lambda: journal.check().writable)
    await submit(journal, 3)
    await journal.close()
    again = Journal.open(tmp_path / "j.sqlite")
    assert (again.epoch, again.set_aside) == (epoch, None)
    assert holds(again.load(), 3)
    assert numbers(again.file) == [1, 2, 3]
    await again.close()


async def test_a_file_that_cannot_be_written_at_a_start_is_read(tmp_path: Path) -> None:
    """The state is there although the disk refuses, and the same file goes on when it no longer does."""
    file = tmp_path / "j.sqlite"
    live = Journal.open(file)
    await write(live, 1, 20)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        log = file.with_name("j.sqlite-wal").stat().st_size
        opened = opening.open_file(file)
        assert opened.connection is None
        assert (opened.contents.epoch, opened.contents.head) == (live.epoch, live.head)
        assert log == file.with_name("j.sqlite-wal").stat().st_size
        await live.close()
        journal = Journal(file, opened)
        assert holds(journal.load(), 20)
        assert "k-20" in journal.commands()
        with pytest.raises(JournalError):
            await submit(journal, 21)
        other.execute("ROLLBACK")
    await until(lambda: journal.check().writable)
    await journal.close()
    assert not journal.set_aside
    assert numbers(file) == list(range(1, 22))
    assert verify(file, journal.head).broken is None


async def test_a_journal_that_turns_up_later_is_kept_beside(tmp_path: Path) -> None:
    """Nothing could be read at the start, later another journal is there: its open incidents join, it is kept."""
    file, hidden = tmp_path / "j.sqlite", tmp_path / "hidden"
    old = Journal.open(hidden)
    await old.submit((), everything(6))
    await old.close()
    opened = opening.open_file(Path("/proc/self/nowhere/j.sqlite"))
    journal = Journal(tmp_path / "missing/none/j.sqlite", opened, lambda: everything(2))
    hidden.rename(file)
    journal.file = journal._writer._file = journal._writer.disk._file = file
    await until(lambda: journal.check().writable)
    await journal.close()
    assert journal.set_aside
    assert (journal.set_aside.reason, journal.epoch) == ("foreign", opened.contents.epoch)
    state = Journal.open(file)
    incidents = state.load().incidents
    await state.close()
    assert {key: found.revision for key, found in incidents.items()} == {
        "i-1": 1,
        "i-2": 2,
        "i-3": 3,
        "i-4": 4,
        "i-5": 5,
        "i-6": 6,
    }


async def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    """Nothing sensible can be done with it, and the text says what to do."""
    (tmp_path / "j.sqlite").mkdir()
    with pytest.raises(JournalError, match="move it away"):
        Journal.open(tmp_path / "j.sqlite")


async def test_the_health_says_what_there_is(tmp_path: Path) -> None:
    """Room, size and counts are the real ones."""
    journal = Journal.open(tmp_path / "j.sqlite")
    await write(journal, 1, 3)
    health = journal.check()
    await journal.close()
    assert (health.writable, health.problem, health.unwritten) == (True, "", 0)
    assert (health.commits, health.entries) == (3, 3)
    assert health.free_bytes
    assert health.file_bytes > 4096


async def test_after_the_end_nobody_waits_forever(tmp_path: Path) -> None:
    """A batch that comes after the close fails."""
    journal = Journal.open(tmp_path / "j.sqlite")
    await journal.close()
    with pytest.raises(JournalError, match="closed"):
        await submit(journal, 1)


async def test_a_close_while_nothing_can_be_written_ends(tmp_path: Path) -> None:
    """One last try, then the end: stopping does not hang on a broken disk."""
    journal = Journal.open(tmp_path / "j.sqlite")
    journal._writer.disk.connection.execute("PRAGMA query_only = 1")  # type: ignore[union-attr]
    with pytest.raises(JournalError):
        await submit(journal, 1)
    async with asyncio.timeout(5):
        await journal.close()
    assert numbers(journal.file) == []


async def test_a_commit_whose_end_was_not_seen_is_not_written_twice(tmp_path: Path) -> None:
    """A disk can fail after the commit reached it: what the reopened file has already is taken as written."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    await write(journal, 1, 5)
    await journal.close()
    disk = Disk(file, opening.Opened(Contents(journal.epoch, Head(3, ""))), lambda _epoch: False)
    pending = Pending()
    for number in (4, 5, 6):
        batch = Batch([event(number)], [keyed(change) for change in changes(number)], None, lambda _: None)
        pending.add(batch)
    disk.write(pending)
    disk.close()
    assert numbers(file) == [1, 2, 3, 4, 5, 6]
    assert disk.set_aside is None
    assert verify(file, disk.head).broken is None
