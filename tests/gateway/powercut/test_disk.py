"""The model of the disk, on traces made by hand: it must be able to lose, or no test that uses it proves anything."""

from random import Random

import pytest

from tests.gateway.powercut.disk import Disk, NotUnderstoodError
from tests.gateway.powercut.luck import EVERYTHING, NOTHING, SECTOR, Luck
from tests.gateway.powercut.trace import Kind, Record

FOLDER = [Record(Kind.OPEN, 9), Record(Kind.SYNC_BEGIN, 9, 90), Record(Kind.SYNC_END, 9, 90), Record(Kind.CLOSE, 9)]
MADE = [Record(Kind.CREATE, 3, data=b"wal"), *FOLDER]
"""A file whose name is sure."""


def write(data: bytes, at: int = 0) -> Record:
    """The file is written."""
    return Record(Kind.WRITE, 3, at, data)


def sync(ticket: int = 1) -> list[Record]:
    """The file is synced."""
    return [Record(Kind.SYNC_BEGIN, 3, ticket), Record(Kind.SYNC_END, 3, ticket)]


def disk_after(*records: Record) -> Disk:
    """The disk that saw these records."""
    disk = Disk()
    for record in records:
        disk.apply(record)
    return disk


def outcomes(*records: Record) -> set[bytes | None]:
    """What the file may hold, over many cuts."""
    disk = disk_after(*records)
    return {disk.image(Luck(0.5, Random(seed))).get("wal") for seed in range(200)}


def test_what_was_not_synced_may_be_lost() -> None:
    """A written alarm without a sync: the page cache has it, the disk need not."""
    disk = disk_after(*MADE, write(b"alarm"))
    assert disk.image(EVERYTHING) == {"wal": b"alarm"}
    assert disk.image(NOTHING) == {"wal": b""}
    assert outcomes(*MADE, write(b"alarm")) == {b"", b"alarm"}


def test_what_was_synced_is_there() -> None:
    """After the sync there is only one possible disk."""
    assert outcomes(*MADE, write(b"alarm"), *sync()) == {b"alarm"}


def test_a_sync_covers_only_what_came_before_it_began() -> None:
    """A write while the sync runs is unsure after it."""
    began, ended = sync()
    disk = disk_after(*MADE, write(b"one"), began, write(b"two", 3), ended)
    assert disk.image(NOTHING) == {"wal": b"one"}


def test_a_sync_that_failed_or_has_not_returned_covers_nothing() -> None:
    """No return, no promise."""
    assert disk_after(*MADE, write(b"alarm"), sync()[0]).image(NOTHING) == {"wal": b""}


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    """A disk writes in any order; the hole is zeros."""
    assert outcomes(*MADE, write(b"one"), write(b"two", 3)) == {b"", b"one", b"\0\0\0two", b"onetwo"}


def test_a_write_may_be_torn_between_sectors_and_nowhere_else() -> None:
    """Each sector is there as a whole or not at all; sectors are those of the file, not of the write."""
    half = SECTOR // 2
    found = outcomes(*MADE, write(b"x" * 2 * SECTOR, half))
    pieces = (half, SECTOR, half)
    for content in found:
        assert content is not None
        body = content[half:].ljust(2 * SECTOR, b"\0")
        parts = [body[: pieces[0]], body[pieces[0] : pieces[0] + pieces[1]], body[pieces[0] + pieces[1] :]]
        assert all(set(part) in ({0}, {ord("x")}) for part in parts)
    assert len(found) == 8


def test_a_truncation_is_unsure_too() -> None:
    """What was cut off may come back."""
    assert outcomes(*MADE, write(b"alarm"), *sync(), Record(Kind.TRUNCATE, 3, 2)) == {b"al", b"alarm"}


def test_a_name_is_sure_only_after_a_sync_of_its_folder() -> None:
    """A new file may be missing although it was synced itself."""
    assert outcomes(Record(Kind.CREATE, 3, data=b"wal"), write(b"alarm"), *sync()) == {None, b"alarm"}


def test_a_removed_or_renamed_file_may_come_back() -> None:
    """Until the folder is synced."""
    kept = (*MADE, write(b"alarm"), *sync())
    assert outcomes(*kept, Record(Kind.UNLINK, data=b"wal")) == {None, b"alarm"}
    assert outcomes(*kept, Record(Kind.UNLINK, data=b"wal"), *FOLDER) == {None}
    disk = disk_after(*kept, Record(Kind.RENAME, data=b"wal\0old"))
    assert disk.image(NOTHING) == {"wal": b"alarm"}
    assert disk.image(EVERYTHING) == {"old": b"alarm"}


def test_the_same_seed_gives_the_same_disk() -> None:
    """So that a failure can be looked at again."""
    disk = disk_after(*MADE, *(write(bytes([number]) * 700, number * 700) for number in range(20)))
    assert disk.image(Luck.of(7)) == disk.image(Luck.of(7))


@pytest.mark.parametrize(
    "record", [Record(Kind.OTHER, 3, data=b"sendfile"), Record(Kind.MAPPED, 3), Record(Kind.RENAME, data=b"a\0b")]
)
def test_what_the_model_cannot_follow_is_no_silent_pass(record: Record) -> None:
    """A copy inside the kernel, a writable mapping, an unknown file: an error, not a verdict."""
    with pytest.raises(NotUnderstoodError):
        disk_after(*MADE, record)
