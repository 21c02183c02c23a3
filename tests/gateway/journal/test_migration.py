"""Every schema that ever landed opens with the newest version, with all that is in it."""

import contextlib
import sqlite3
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from community_help_gateway.journal import migrate, upgrades
from community_help_gateway.journal.chain import Head, verify
from community_help_gateway.journal.migrate import VERSION
from community_help_gateway.journal.rows import KINDS
from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import event, everything, holds, write

SCHEMAS = files("community_help_gateway.journal").joinpath("schema")
LAST = 20
"""Entries in the old files."""


def old_file(file: Path, version: int) -> None:
    """A file as ``version`` wrote it; the columns that later versions added are left to them."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        for number in range(1, version + 1):
            connection.executescript(SCHEMAS.joinpath(f"v{number}.sql").read_text("utf-8"))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("INSERT INTO meta VALUES ('epoch', 'oldepoch')")
        if version > 1:
            connection.execute(f"INSERT OR REPLACE INTO meta VALUES ('anchor', '{LAST} ')")
        for number in range(1, LAST + 1):
            e = event(number)
            row = (e.number, e.at, e.kind, e.subject, msgspec.json.encode(e).decode())
            connection.execute("INSERT INTO entry (number, at, kind, subject, body) VALUES (?, ?, ?, ?, ?)", row)
            connection.execute("INSERT INTO command VALUES (?, ?, ?)", (f"k-{number}", e.at, "{}"))
        for put in everything(LAST):
            body = msgspec.json.encode(put.record).decode()  # type: ignore[union-attr]
            connection.execute("INSERT INTO record VALUES (?, ?, ?)", (KINDS[type(put.record)], put.id, body))  # type: ignore[union-attr]
        connection.commit()


def test_every_version_has_its_script() -> None:
    """Nothing that shipped is missing, nothing is ahead of VERSION."""
    names = sorted(item.name for item in SCHEMAS.iterdir())
    assert names == sorted(f"v{number}.sql" for number in range(1, VERSION + 1))
    assert set(upgrades.STEPS) <= set(range(1, VERSION + 1))


@pytest.mark.parametrize("version", range(1, VERSION + 1))
async def test_an_old_file_opens_with_all_that_is_in_it(tmp_path: Path, version: int) -> None:
    """Same epoch, state, commands and history; the chain begins where the old version ended."""
    file = tmp_path / "j.sqlite"
    old_file(file, version)
    journal = Journal.open(file)
    state = journal.load()
    assert not journal.set_aside
    assert (state.epoch, state.number) == ("oldepoch", LAST)
    assert holds(state, LAST)
    assert list(journal.commands()) == [f"k-{number}" for number in range(1, LAST + 1)]
    assert [found.number for found in await journal.history(0, 100)] == list(range(1, LAST + 1))
    await write(journal, LAST + 1, LAST + 5)
    await journal.close()
    verdict = verify(file, journal.head)
    assert (verdict.anchor, verdict.checked, verdict.broken) == (Head(LAST, ""), 5, None)


async def test_entries_of_version_1_have_their_incident(tmp_path: Path) -> None:
    """The timeline of an incident that began before the update is whole."""
    old_file(tmp_path / "j.sqlite", 1)
    journal = Journal.open(tmp_path / "j.sqlite")
    assert [found.number for found in await journal.timeline("i-3", 10)] == [3, 10, 17]
    await journal.close()


def test_the_step_and_the_number_are_in_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails leaves the version before it, whole."""
    file = tmp_path / "j.sqlite"
    old_file(file, 1)

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM record")
        raise sqlite3.OperationalError("the step fails")

    monkeypatch.setitem(upgrades.STEPS, 2, fail)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="the step fails"):
            migrate.migrate(connection)
        assert migrate.version_of(connection) == 1
        assert len(connection.execute("PRAGMA table_info(entry)").fetchall()) == 5
        assert connection.execute("SELECT count(*) FROM record").fetchone() != (0,)
