"""What reports ask: by incident, by time and kind, in pages; without ever holding up an alarm."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from community_help_gateway.journal.store import Journal
from community_help_gateway.model.state import EventKind
from tests.gateway.journal.story import event, submit, write

LAST = 50
"""Entries in the journal; entry n is at second n, every fifth is a join."""


@pytest.fixture
async def journal(tmp_path: Path) -> Journal:
    """A journal with two kinds of entries."""
    journal = Journal.open(tmp_path / "j.sqlite")
    for number in range(1, LAST + 1):
        await journal.submit([event(number, EventKind.RAISED if number % 5 else EventKind.JOINED)], ())
    return journal


async def test_a_timeline_is_of_one_incident(journal: Journal) -> None:
    """Oldest first, not more than asked for."""
    assert [found.number for found in await journal.timeline("i-3", 100)] == [3, 10, 17, 24, 31, 38, 45]
    assert [found.number for found in await journal.timeline("i-3", 2)] == [3, 10]
    assert await journal.timeline("nothing", 10) == []
    await journal.close()


async def test_pages_cover_a_time_once(journal: Journal) -> None:
    """From the start to before the end, of the kinds asked for, every entry on one page."""
    found, after = [], 0
    while page := await journal.between(10.0, 41.0, {EventKind.JOINED}, after, 2):
        found += [entry.number for entry in page]
        after = page[-1].number
    assert found == [10, 15, 20, 25, 30, 35, 40]
    assert [entry.number for entry in await journal.between(48.0, 99.0, (), 0, 100)] == [48, 49, 50]
    await journal.close()


async def test_a_reader_does_not_hold_up_a_writer(journal: Journal) -> None:
    """An alarm is committed while a report is in the middle of its reading."""
    with contextlib.closing(sqlite3.connect(journal.file)) as reader:
        rows = reader.execute("SELECT body FROM entry")
        rows.fetchone()
        async with asyncio.timeout(0.9):
            await submit(journal, LAST + 1)
        assert len(rows.fetchall()) == LAST - 1
    await journal.close()


async def test_an_entry_that_cannot_be_read_is_named_and_left_out(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    """One broken body does not keep a client from the others."""
    with contextlib.closing(sqlite3.connect(journal.file)) as other:
        other.execute("UPDATE entry SET body = '{' WHERE number = 3")
        other.commit()
    assert [found.number for found in await journal.timeline("i-3", 3)] == [10, 17]
    assert "Entry 3 " in caplog.text
    await journal.close()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT body FROM entry WHERE incident = ? ORDER BY number", "entry_by_incident"),
        ("SELECT body FROM entry WHERE at >= ? AND at < ? AND number > ? ORDER BY number", "entry_by_at"),
        ("SELECT key FROM command ORDER BY at DESC", "command_by_at"),
    ],
)
async def test_questions_use_their_index(journal: Journal, query: str, index: str) -> None:
    """A report costs what it shows, not what the journal holds."""
    await write(journal, LAST + 1, LAST + 1)
    with contextlib.closing(sqlite3.connect(journal.file)) as reader:
        plan = reader.execute(f"EXPLAIN QUERY PLAN {query}", (1,) * query.count("?")).fetchall()
    assert any(index in row[-1] for row in plan), plan
    await journal.close()
