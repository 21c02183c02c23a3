"""Promise 13: a damaged journal is set aside unharmed, salvaged, and a new epoch begins; so is a newer one."""

import asyncio
import contextlib
import logging
import random
import sqlite3
import struct
from pathlib import Path

import pytest

from community_help_gateway.errors import JournalError
from community_help_gateway.journal.chain import verify
from community_help_gateway.journal.migrate import VERSION
from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import FOLDED, beside, everything, holds, numbers, submit, told, write

PAGE = 4096
"""SQLite's page size unless told otherwise."""

KEPT = 30
"""Entries in the files that are damaged here."""


async def written(file: Path, last: int = KEPT) -> str:
    """A journal with entries 1 to ``last``, closed; its epoch."""
    journal = Journal.open(file)
    await write(journal, 1, last)
    await journal.close()
    return journal.epoch


def change(file: Path, script: str) -> None:
    """Alter a journal with SQLite alone, without leaving a write-ahead log."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"PRAGMA journal_mode = DELETE; {script}")


@pytest.mark.parametrize("rubbish", [b"no database, but long enough to be taken for one" * 200, b"short", bytes(9000)])
async def test_rubbish_is_set_aside_as_it_is(tmp_path: Path, rubbish: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The gateway starts with an empty journal, the log names the file and the remedy."""
    file = tmp_path / "j.sqlite"
    file.write_bytes(rubbish)
    journal = Journal.open(file)
    assert journal.set_aside
    assert (journal.set_aside.reason, journal.set_aside.records) == ("damaged", 0)
    assert journal.set_aside.path.read_bytes() == rubbish
    assert str(journal.set_aside.path) in caplog.text
    assert "check the disk" in caplog.text
    await write(journal, 1, 3)
    await journal.close()
    assert numbers(file) == [1, 2, 3]


async def test_the_database_of_something_else_is_not_touched(tmp_path: Path) -> None:
    """A SQLite file without our tables gets none: it is set aside."""
    file = tmp_path / "j.sqlite"
    change(file, "CREATE TABLE recipe (name TEXT)")
    before = file.read_bytes()
    journal = Journal.open(file)
    await journal.close()
    assert journal.set_aside
    assert journal.set_aside.path.read_bytes() == before


async def test_a_newer_journal_is_set_aside_and_paging_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An older version keeps the records that it can read, numbers on, begins an epoch, and knows no point."""
    file = tmp_path / "j.sqlite"
    epoch = await written(file)
    change(file, f"ALTER TABLE record ADD COLUMN more TEXT; PRAGMA user_version = {VERSION + 1}")
    before = file.read_bytes()
    journal = Journal.open(file)
    state = journal.load()
    assert journal.set_aside
    assert (journal.set_aside.reason, journal.set_aside.skipped) == ("newer", 0)
    assert journal.set_aside.records == 2 * FOLDED
    assert journal.set_aside.path.read_bytes() == before
    assert "update the gateway" in caplog.text
    assert holds(state, KEPT, points=False)
    assert (state.number, state.epoch != epoch) == (KEPT, True)
    assert "k-1" in journal.commands()
    await write(journal, KEPT + 1, KEPT + 2)
    await journal.close()
    assert numbers(file) == [KEPT + 1, KEPT + 2]
    assert verify(file).anchor.number == KEPT
    assert verify(file).broken is None


async def test_nothing_that_was_set_aside_is_overwritten(tmp_path: Path) -> None:
    """Damage upon damage within one second gives as many files."""
    file = tmp_path / "j.sqlite"
    for count in range(1, 4):
        file.write_bytes(f"rubbish {count}".encode() * 100)
        journal = Journal.open(file)
        await journal.close()
        assert len(beside(file)) == count
    assert {content[:9] for content in beside(file).values()} == {b"rubbish 1", b"rubbish 2", b"rubbish 3"}


async def test_a_record_that_cannot_be_decoded_is_skipped_and_counted(tmp_path: Path) -> None:
    """One broken body costs one record, and the file that has it is kept."""
    file = tmp_path / "j.sqlite"
    await written(file)
    change(file, "UPDATE record SET body = '{\"id\":' WHERE id = 'i-3'")
    journal = Journal.open(file)
    state = journal.load()
    await journal.close()
    assert journal.set_aside
    assert (journal.set_aside.reason, journal.set_aside.skipped) == ("damaged", 1)
    assert set(state.incidents) == {f"i-{n}" for n in range(FOLDED) if n != 3}
    assert len(state.deadlines) == FOLDED


async def test_text_that_is_no_text_is_damage(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 in a column are salvaged around."""
    file = tmp_path / "j.sqlite"
    await written(file)
    change(file, "UPDATE record SET id = CAST(x'ff' AS TEXT) WHERE id = 'i-3'")
    journal = Journal.open(file)
    assert journal.set_aside
    assert (len(journal.load().incidents), journal.set_aside.skipped) == (FOLDED - 1, 1)
    await journal.close()


async def test_a_changed_last_entry_is_seen_at_the_start(tmp_path: Path) -> None:
    """A torn end does not go on as if nothing were: the last entry must fit the one before it."""
    file = tmp_path / "j.sqlite"
    await written(file)
    change(file, f"UPDATE entry SET body = replace(body, '号楼', '号院') WHERE number = {KEPT}")
    journal = Journal.open(file)
    await journal.close()
    assert journal.set_aside
    assert f"entry {KEPT}" in journal.set_aside.problem


async def test_a_log_without_its_file_is_kept(tmp_path: Path) -> None:
    """SQLite would delete the log of a file that is gone or empty; it may hold what was confirmed last."""
    file = tmp_path / "j.sqlite"
    file.write_bytes(b"")
    file.with_name("j.sqlite-wal").write_bytes(b"what was confirmed last")
    journal = Journal.open(file)
    await journal.close()
    assert b"what was confirmed last" in beside(file).values()


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_pages_are_damaged_the_start_works_and_the_file_is_kept(tmp_path: Path, seed: int) -> None:
    """Either what a start needs is whole, or the file is set aside byte by byte with its log; nothing is invented."""
    chance = random.Random(seed)
    live, file = tmp_path / "live.sqlite", tmp_path / "j.sqlite"
    journal = Journal.open(live)
    await write(journal, 1, 120)
    if seed % 2:
        with contextlib.closing(sqlite3.connect(live)) as other:
            other.execute("PRAGMA wal_checkpoint(FULL)")
        await write(journal, 121, 140)
    file.write_bytes(spoiled(live.read_bytes(), chance))
    file.with_name("j.sqlite-wal").write_bytes(live.with_name("live.sqlite-wal").read_bytes())
    await journal.close()
    before = file.read_bytes(), file.with_name("j.sqlite-wal").read_bytes()
    again = Journal.open(file)
    state = again.load()
    if again.set_aside:
        kept = again.set_aside.path
        assert (kept.read_bytes(), kept.with_name(f"{kept.name}-wal").read_bytes()) == before
        assert not state.points
    else:
        assert state.epoch == journal.epoch
    last = 140 if seed % 2 else 120
    possible = {key: [told(n).incidents.get(key) for n in range(last + 1)] for key in state.incidents}
    assert all(found in possible[key] for key, found in state.incidents.items())
    await submit(again, state.number + 1)
    await again.close()
    assert (await reopened(file)).number == state.number + 1


def spoiled(content: bytes, chance: random.Random) -> bytes:
    """Some pages zeroed, some with random bytes, some bits turned."""
    pages = [content[at : at + PAGE] for at in range(0, len(content), PAGE)]
    for index in chance.sample(range(len(pages)), chance.randint(1, max(1, len(pages) // 4))):
        page = bytearray(pages[index])
        for _ in range(chance.choice([1, 8])):
            page[chance.randrange(len(page))] ^= 1 << chance.randrange(8)
        pages[index] = chance.choice([bytes(PAGE), chance.randbytes(PAGE), bytes(page)])
    return b"".join(pages)


async def reopened(file: Path) -> object:
    """The state after another start, which must find nothing to set aside."""
    journal = Journal.open(file)
    state = journal.load()
    await journal.close()
    assert not journal.set_aside
    return state


async def test_damage_in_use_begins_a_new_epoch_with_all_that_the_hub_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The batch that met the damage is confirmed from the new file, whose epoch is seen before the hub is asked."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    await write(journal, 1, KEPT)
    epoch, seen = journal.epoch, []

    def rebuild() -> object:
        seen.append(journal.epoch)
        return everything(KEPT + 1)

    journal.rebuild = rebuild  # type: ignore[assignment]
    break_(journal)
    await submit(journal, KEPT + 1)
    assert seen == [journal.epoch]
    assert journal.epoch != epoch
    assert holds(journal.load(), KEPT + 1)
    assert journal.set_aside
    assert journal.set_aside.path.exists()
    assert "set aside" in caplog.text
    assert journal.check().writable
    await write(journal, KEPT + 2, KEPT + 5)
    await journal.close()
    assert numbers(file) == list(range(KEPT + 1, KEPT + 6))
    assert verify(file, journal.head).broken is None
    assert holds(await reopened(file), KEPT + 5)  # type: ignore[arg-type]


async def test_what_is_submitted_while_the_hub_is_asked_comes_after_its_answer(tmp_path: Path) -> None:
    """The answer stands in the queue where the hub gave it: older batches are in it, newer ones come on top."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    await write(journal, 1, KEPT)
    later: list[object] = []

    def rebuild() -> object:
        asyncio.get_running_loop().call_soon(lambda: later.append(submit(journal, KEPT + 3)))
        return everything(KEPT + 2)

    journal.rebuild = rebuild  # type: ignore[assignment]
    break_(journal)
    await asyncio.gather(submit(journal, KEPT + 1), submit(journal, KEPT + 2))
    await later[0]  # type: ignore[misc]
    await journal.close()
    assert holds(await reopened(file), KEPT + 3)  # type: ignore[arg-type]


def fail() -> object:
    """A hub that cannot answer."""
    raise RuntimeError("the hub is ill")


@pytest.mark.parametrize("rebuild", [None, fail])
async def test_a_hub_that_fails_to_answer_costs_what_cannot_be_salvaged_and_no_more(
    tmp_path: Path, rebuild: object
) -> None:
    """Without an answer the journal goes on with the records of the damaged file, less the points."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file, rebuild)  # type: ignore[arg-type]
    await write(journal, 1, KEPT)
    journal._writer.disk.connection.execute("PRAGMA cache_size = 0")  # type: ignore[union-attr]
    change_page(journal, "entry")
    await submit(journal, KEPT + 1)
    state = journal.load()
    await journal.close()
    assert journal.set_aside
    assert state.incidents == told(KEPT + 1).incidents
    assert state.deadlines == told(KEPT + 1).deadlines
    assert set(state.points) == {f"p-{(KEPT + 1) % FOLDED}"}


async def test_a_reader_that_meets_damage_has_the_file_replaced(tmp_path: Path) -> None:
    """History on a page that is gone fails once; a new file begins although no write came near the page."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    await write(journal, 1, 200)
    journal.rebuild = lambda: everything(200)
    change_page(journal, "entry", first_leaf=True)
    with pytest.raises(JournalError, match="cannot be read"):
        await journal.history(0, 1000)
    await journal.submit((), ())
    assert journal.set_aside
    await write(journal, 201, 202)
    assert [event.number for event in await journal.history(0, 1000)] == [201, 202]
    await journal.close()


@pytest.mark.parametrize("way", ["removed", "restored"])
async def test_a_file_that_is_taken_away_in_use_is_noticed(tmp_path: Path, way: str) -> None:
    """What is confirmed is in the file that the next start reads, not in one that has no name any more."""
    file, backup = tmp_path / "j.sqlite", tmp_path / "backup"
    await written(backup, 5)
    journal = Journal.open(file)
    await write(journal, 1, KEPT)
    journal.rebuild = lambda: everything(KEPT + 1)
    file.unlink()
    if way == "restored":
        backup.rename(file)
    await submit(journal, KEPT + 1)
    await journal.close()
    assert holds(await reopened(file), KEPT + 1)  # type: ignore[arg-type]
    assert len(beside(file)) >= (way == "restored")


async def test_an_error_that_quotes_damaged_bytes_is_damage_too(tmp_path: Path) -> None:
    """SQLite names what it stumbled upon; in a spoiled schema that is no text, and nobody may stumble after it."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    await write(journal, 1, 200)
    journal.rebuild = lambda: everything(201)
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = file.read_bytes()
    file.write_bytes(
        content.replace(b"tableentryentry", b"table\xa6ntry\xa6ntry").replace(
            b"CREATE TABLE entry", b"CREATE TABLX entry"
        )
    )
    with pytest.raises(JournalError, match="cannot be read"):
        await journal.history(0, 1000)
    await submit(journal, 201)
    assert journal.set_aside
    await journal.close()
    assert holds(await reopened(file), 201)  # type: ignore[arg-type]
    spoiled_copy = tmp_path / "copy.sqlite"
    spoiled_copy.write_bytes(journal.set_aside.path.read_bytes())
    again = Journal.open(spoiled_copy)
    assert again.set_aside
    await again.close()


async def test_two_gateways_on_one_file_part(tmp_path: Path) -> None:
    """Who finds its next number taken leaves the file to the other; both records are kept, none is mixed."""
    file = tmp_path / "j.sqlite"
    one, two = Journal.open(file), Journal.open(file)
    two.rebuild = lambda: everything(2)
    await write(one, 1, 3)
    await submit(two, 1)
    await submit(two, 2)
    assert two.set_aside
    assert numbers(two.set_aside.path) == [1, 2, 3]
    assert one.epoch != two.epoch
    await two.close()
    await one.close()
    assert numbers(file) == [1, 2]
    assert holds(await reopened(file), 2)  # type: ignore[arg-type]
    assert verify(file, two.head).broken is None


async def test_a_damaged_file_is_replaced_even_when_nothing_else_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A barrier is enough: it stands for all that was written before."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    await write(journal, 1, KEPT)
    journal.rebuild = lambda: everything(KEPT)
    file.unlink()
    with caplog.at_level(logging.ERROR):
        await journal.submit((), ())
    await journal.close()
    assert holds(await reopened(file), KEPT)  # type: ignore[arg-type]


def break_(journal: Journal) -> None:
    """Overwrite the whole file and its log under the running journal."""
    connection = journal._writer.disk.connection
    assert connection
    connection.execute("PRAGMA cache_size = 0")
    for suffix in ("", "-wal"):
        path = journal.file.with_name(journal.file.name + suffix)
        with path.open("r+b") as file:
            file.write(random.Random(1).randbytes(path.stat().st_size))


def change_page(journal: Journal, table: str, *, first_leaf: bool = False) -> None:
    """Zero the root or the first leaf of a table in the file, after the log was moved into it."""
    with contextlib.closing(sqlite3.connect(journal.file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = other.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    content = journal.file.read_bytes()
    while first_leaf and content[(page - 1) * PAGE] in {2, 5}:  # an inner page: its first cell begins with a child
        (cell,) = struct.unpack_from(">H", content, (page - 1) * PAGE + 12)
        (page,) = struct.unpack_from(">I", content, (page - 1) * PAGE + cell)
    with journal.file.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(bytes(PAGE))


async def test_damage_that_a_start_does_not_come_across_is_looked_for(tmp_path: Path) -> None:
    """Commands older than those that are loaded are checked too; what lies beyond the bad page is salvaged."""
    file = tmp_path / "j.sqlite"
    journal = Journal.open(file)
    for number in range(12_000):
        journal.submit((), (), (f"k-{number:05}", float(number), "{}"))
    await journal.submit((), ())
    change_page(journal, "command", first_leaf=True)
    await journal.close()
    again = Journal.open(file)
    assert again.set_aside
    assert list(again.commands()) == [f"k-{number:05}" for number in range(2_000, 12_000)]
    await again.close()
