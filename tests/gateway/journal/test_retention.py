"""What is old goes, in slices, without a gap, and the chain stays verifiable."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from community_help_gateway.errors import JournalError
from community_help_gateway.journal import retention
from community_help_gateway.journal.chain import verify
from community_help_gateway.journal.store import Journal
from community_help_gateway.model.state import Event, EventKind
from tests.gateway.journal.story import holds, numbers, submit, write

LAST = 50
"""Entries in the journals here."""


@pytest.fixture
async def journal(tmp_path: Path) -> Journal:
    """A journal with entries 1 to LAST, entry n at second n."""
    journal = Journal.open(tmp_path / "j.sqlite")
    await write(journal, 1, LAST)
    return journal


@pytest.mark.parametrize(("before", "keep_from", "first"), [(31.0, 100, 31), (100.0, 21, 21), (0.0, 100, 1)])
async def test_both_limits_hold_and_the_chain_stays_whole(
    journal: Journal, before: float, keep_from: int, first: int
) -> None:
    """Entries before the time and below the number go; the records stay; the chain is checked from what is left."""
    head = journal.head
    assert await journal.retain(before, keep_from) == first - 1
    assert numbers(journal.file) == list(range(first, LAST + 1))
    assert holds(journal.load(), LAST)
    assert journal.head == head
    await write(journal, LAST + 1, LAST + 2)
    await journal.close()
    verdict = verify(journal.file, head)
    assert (verdict.anchor.number, verdict.broken) == (first - 1, None)


async def test_numbers_go_on_when_everything_is_gone(journal: Journal) -> None:
    """After a restart with no entry left no number repeats, and the chain has not lost its place."""
    assert await journal.retain(1000.0, 1000) == LAST
    head = journal.head
    await journal.close()
    again = Journal.open(journal.file)
    assert (again.load().number, again.head) == (LAST, head)
    await write(again, LAST + 1, LAST + 1)
    await again.close()
    assert verify(again.file, head).broken is None


async def test_old_commands_go_too(journal: Journal) -> None:
    """A repeated command is known as long as the entries of its time."""
    await journal.retain(31.0, 1)
    assert list(journal.commands()) == [f"k-{number}" for number in range(31, LAST + 1)]
    await journal.close()


async def test_no_gap_appears_when_a_clock_was_wrong(journal: Journal) -> None:
    """An entry from the future keeps those after it; one from the past does not take those before it along."""
    await journal.submit([Event(LAST + 1, 1e12, EventKind.POINT, "p")], ())
    await journal.submit([Event(LAST + 2, 0.0, EventKind.POINT, "p")], ())
    assert await journal.retain(41.0, 1000) == 40
    assert await journal.retain(1e6, 1000) == 10
    assert numbers(journal.file) == [LAST + 1, LAST + 2]
    await journal.close()
    assert verify(journal.file).broken is None


async def test_an_alarm_waits_for_one_slice_at_most(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is submitted during the work is committed between two slices, not after the last."""
    monkeypatch.setattr(retention, "SLICE_ROWS", 2)
    work = asyncio.ensure_future(journal.retain(100.0, 45))
    await asyncio.sleep(0)
    left = []
    for number in range(LAST + 1, LAST + 4):
        await submit(journal, number)
        left.append(numbers(journal.file)[0])
    assert not work.done()
    assert left[0] < left[1] < left[2] < 45
    assert await work == 44
    await journal.close()
    assert verify(journal.file).broken is None


async def test_a_slice_is_limited_by_size_as_well(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long entries go a few at a time."""
    monkeypatch.setattr(retention, "SLICE_BYTES", 1)
    slices = []
    original = retention.delete_slice

    def count(connection: object, request: retention.Retention) -> bool:
        more = original(connection, request)  # type: ignore[arg-type]
        slices.append(request.deleted)
        return more

    monkeypatch.setattr("community_help_gateway.journal.disk.delete_slice", count)
    assert await journal.retain(100.0, 6) == 5
    assert slices == [1, 2, 3, 4, 5, 5]
    await journal.close()


async def test_what_cannot_be_deleted_is_an_error(journal: Journal) -> None:
    """The caller learns it, nothing is gone, and alarms go on."""
    journal._writer.disk.connection.execute("PRAGMA query_only = 1")  # type: ignore[union-attr]
    with pytest.raises(JournalError):
        await journal.retain(100.0, 100)
    with contextlib.suppress(JournalError):
        await submit(journal, LAST + 1)
    with pytest.raises(JournalError):
        await journal.retain(100.0, 100)
    journal._writer.disk.connection.execute("PRAGMA query_only = 0")  # type: ignore[union-attr]
    await submit(journal, LAST + 2)
    assert numbers(journal.file) == list(range(1, LAST + 3))
    await journal.close()
