"""The judge finds what it is there for: the same life with one thing wrong in it is found wrong."""

from copy import replace
from pathlib import Path

import pytest

from tests.gateway.powercut.disk import Disk
from tests.gateway.powercut.kept import JOURNAL, DamagedError, read
from tests.gateway.powercut.life import Life
from tests.gateway.powercut.luck import NOTHING
from tests.gateway.powercut.trace import Kind, Record
from tests.gateway.powercut.verdict import Ledger, doubled, forgotten, kept_on, told_too_early


@pytest.fixture
def some(life: Life) -> list[Record]:
    """The life up to its first acknowledged alarms."""
    outcomes = [item.at for item in life.ledger.told if getattr(item, "body", {}).get("type") == "outcome"]
    return life.records[: outcomes[0] + 1]


def test_a_life_without_syncs_is_found(life: Life, some: list[Record], tmp_path: Path) -> None:
    """As with ``synchronous = OFF``: told too early, and lost by a cut."""
    without = [record for record in some if record.kind not in (Kind.SYNC_BEGIN, Kind.SYNC_END)]
    found = told_too_early(Ledger(without, tmp_path), life.said)
    assert any("is in no incident" in text for text in found)
    assert any("was answered, but is not in the journal" in text for text in found)
    assert any("was published, but is not in the journal" in text for text in found)
    disk = Disk()
    for record in without:
        disk.apply(record)
    assert forgotten(life.ledger.told_before(len(some)), life.said, kept_on(disk, NOTHING, tmp_path / "image"))


def test_a_confirmation_before_the_sync_is_found(life: Life, some: list[Record], tmp_path: Path) -> None:
    """Every frame to the field goes out one sync earlier than it did."""
    hasty: list[Record] = []
    for record in some:
        if record.kind is Kind.SEND and record.data.startswith(b"@@"):
            last = max(at for at, earlier in enumerate(hasty) if earlier.kind is Kind.SYNC_END)
            hasty.insert(last, record)
        else:
            hasty.append(record)
    found = told_too_early(Ledger(hasty, tmp_path), life.said)
    assert found
    assert all("was confirmed" in text for text in found)


def test_an_alarm_that_is_there_twice_is_found(life: Life) -> None:
    """One row more than the devices said."""
    last = life.ledger.last
    again = next(entry for entry in last.entries if entry[1] in ("raised", "joined"))
    assert doubled(last, life.said) == []
    assert doubled(replace(last, entries=(*last.entries, again)), life.said) != []


def test_a_damaged_file_is_found(life: Life, tmp_path: Path) -> None:
    """A page of rubbish in the middle of the file."""
    disk = Disk()
    for record in life.records:
        disk.apply(record)
    content = bytearray(disk.image(NOTHING)[JOURNAL])
    content[4096 * 3 : 4096 * 5] = b"\x55" * 8192
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(DamagedError):
        read(tmp_path)
