"""Promise 7: a changed, removed, added or moved entry shows, and is named."""

import contextlib
import hashlib
import sqlite3
from pathlib import Path

import pytest

from community_help_gateway.errors import JournalError
from community_help_gateway.journal.chain import Head, verify
from community_help_gateway.journal.store import Journal
from tests.gateway.journal.story import write

LAST = 50
"""Entries in the files here."""


EXCHANGED = """
    UPDATE entry SET number = -1 WHERE number = 20;
    UPDATE entry SET number = 20 WHERE number = 21;
    UPDATE entry SET number = 21 WHERE number = -1;
"""
"""Entries 20 and 21 change places."""

INSERTED = """
    UPDATE entry SET number = -number WHERE number >= 20;
    UPDATE entry SET number = 1 - number WHERE number < 0;
    INSERT INTO entry SELECT 20, at, kind, subject, body, incident, hash FROM entry WHERE number = 19;
"""
"""A copy of entry 19 stands before the former entry 20."""


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A journal with entries 1 to LAST, closed."""
    journal = Journal.open(tmp_path / "j.sqlite")
    await write(journal, 1, LAST)
    await journal.close()
    return journal.file


def change(file: Path, script: str) -> None:
    """Alter the file behind the journal's back."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


async def test_an_untouched_chain_is_whole(file: Path) -> None:
    """Every entry is checked, up to the head that the journal names."""
    journal = Journal.open(file)
    verdict = verify(file)
    assert (verdict.anchor, verdict.head, verdict.checked, verdict.broken) == (Head(0, ""), journal.head, LAST, None)
    await journal.close()


def test_the_hash_is_what_the_schema_says(file: Path) -> None:
    """Anybody can compute it without this program."""
    with contextlib.closing(sqlite3.connect(file)) as reader:
        previous = ""
        for number, body, digest in reader.execute("SELECT number, body, hash FROM entry ORDER BY number"):
            assert digest == hashlib.sha256(f"{previous}{number}{body}".encode()).hexdigest()
            previous = digest


@pytest.mark.parametrize(
    ("script", "broken"),
    [
        ("UPDATE entry SET body = replace(body, '号楼', '号院') WHERE number = 20", 20),
        ("UPDATE entry SET body = replace(body, '号楼', '号院') WHERE number = 1", 1),
        ("UPDATE entry SET at = at + 60 WHERE number = 20", 20),
        ("UPDATE entry SET kind = 'restored' WHERE number = 20", 20),
        ("UPDATE entry SET subject = 'i-0' WHERE number = 20", 20),
        ("UPDATE entry SET hash = '' WHERE number = 20", 20),
        ("DELETE FROM entry WHERE number = 20", 20),
        ("DELETE FROM entry WHERE number = 1", 1),
        ("UPDATE entry SET number = 1000 WHERE number = 20", 20),
        (EXCHANGED, 20),
        (INSERTED, 20),
        ("UPDATE meta SET value = '10 ' WHERE key = 'anchor'", 11),
    ],
)
def test_what_was_tampered_with_is_named(file: Path, script: str, broken: int) -> None:
    """Whatever is done to an entry, its number is the answer."""
    change(file, script)
    assert verify(file).broken == broken


def test_a_head_kept_elsewhere_shows_a_cut_end_and_a_computed_chain(file: Path) -> None:
    """Whoever can write the file can compute hashes; not those that are kept elsewhere."""
    kept = verify(file).head
    change(file, f"DELETE FROM entry WHERE number > {LAST - 5}")
    assert verify(file).broken is None
    assert verify(file, kept).broken == LAST - 4
    assert verify(file, Head(20, "0" * 64)).broken == 20


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_what_cannot_be_verified_is_an_error(tmp_path: Path, content: bytes) -> None:
    """A file that is no journal is neither whole nor broken."""
    file = tmp_path / "j.sqlite"
    with pytest.raises(JournalError, match="cannot be verified"):
        verify(file)
    file.write_bytes(content)
    with pytest.raises(JournalError, match="cannot be verified"):
        verify(file)


async def test_the_head_is_that_of_the_last_commit(file: Path) -> None:
    """It is there after a start, and moves with each commit."""
    journal = Journal.open(file)
    before = journal.head
    await write(journal, LAST + 1, LAST + 1)
    assert (before.number, journal.head.number) == (LAST, LAST + 1)
    assert journal.head.hash != before.hash
    await journal.close()
    assert verify(file, before).broken is None
