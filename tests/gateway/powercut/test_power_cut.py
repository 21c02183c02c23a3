"""Durable, then visible, then acknowledged; and whatever was told survives a power cut at any moment.

``POWER_CUTS`` is the number of moments at which the power is cut, or "all" for each of them (minutes).
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from community_help_gateway.journal.store import Journal
from tests.gateway.powercut.disk import Disk, lay_out
from tests.gateway.powercut.kept import JOURNAL, WAL, DamagedError, Kept, read
from tests.gateway.powercut.life import Life
from tests.gateway.powercut.luck import NOTHING, Luck
from tests.gateway.powercut.process import Gateway
from tests.gateway.powercut.street import DEVICES, Street
from tests.gateway.powercut.told import Confirmation, Message
from tests.gateway.powercut.trace import Kind, Record
from tests.gateway.powercut.verdict import doubled, forgotten, kept_on, told_too_early

SEED = 26875
"""Chooses the moments and what survives (project's choice)."""

CUTS = 60
"""Moments in a normal run (project's choice)."""


def test_the_recording_holds_what_it_should(life: Life) -> None:
    """Otherwise the other tests would prove nothing: every frame is confirmed, commands are answered, events shown."""
    confirmed = {item.serial for item in life.ledger.told if isinstance(item, Confirmation)}
    messages = [item.body for item in life.ledger.told if isinstance(item, Message)]
    events = [event["kind"] for body in messages for event in body.get("events", ())]
    assert confirmed == set(life.said)
    assert sum(body["type"] == "outcome" and body["ok"] for body in messages) >= 4
    assert {"raised", "acknowledged", "restored"} <= set(events)
    assert len(life.ledger.written) > 20
    assert sum(record.kind is Kind.START for record in life.records) == 3
    assert beginnings_of_wal(life.records)[0] > 1, "no checkpoint while it ran"


def beginnings_of_wal(records: Sequence[Record]) -> list[int]:
    """How often each process began to write the WAL from its front: a new one, or after a checkpoint."""
    disk, counts = Disk(), []
    for record in records:
        disk.apply(record)
        if record.kind is Kind.START:
            counts.append(0)
        elif record.kind is Kind.WRITE and record.offset == 0 and disk.names[record.fd] == WAL:
            counts[-1] += 1
    return counts


def test_a_confirmation_follows_the_sync(life: Life) -> None:
    """What the field, a command's sender or a client is told stood on the disk for sure before it was sent."""
    assert told_too_early(life.ledger, life.said) == []


def cuts(life: Life) -> list[int]:
    """The moments at which the power goes: right before the record with this number."""
    wanted = os.environ.get("POWER_CUTS", str(CUTS))
    moments = range(1, len(life.records) + 1)
    return list(moments) if wanted == "all" else sorted(Random(SEED).sample(moments, min(int(wanted), len(moments))))


def disks(records: Sequence[Record], moments: Sequence[int]) -> Iterator[tuple[int, Disk]]:
    """The disk at each of the moments, which are in order."""
    disk, at = Disk(), 0
    for moment in moments:
        for record in records[at:moment]:
            disk.apply(record)
        at = moment
        yield moment, disk


@pytest.mark.timeout(3600)
def test_promise_1_what_was_told_survives_a_power_cut_at_any_moment(life: Life, tmp_path: Path) -> None:
    """Whatever survives beside it: the journal is whole, it is one that was written, and holds all that was told."""
    wrong: list[str] = []
    for moment, disk in disks(life.records, cuts(life)):
        try:
            kept = kept_on(disk, Luck.of(SEED + moment), tmp_path / "image")
        except DamagedError as error:
            wrong.append(f"cut before record {moment}: the journal is damaged: {error}")
            continue
        wrong += [f"cut before record {moment}: {problem}" for problem in problems(life, moment, kept)]
    assert wrong == []


def problems(life: Life, moment: int, kept: Kept) -> list[str]:
    """What is wrong with a journal that was left by a cut before the record ``moment``."""
    found = forgotten(life.ledger.told_before(moment), life.said, kept) + doubled(kept, life.said)
    if kept.digest not in {possible.digest for possible in life.ledger.possible_before(moment)}:
        found.append("the journal is none that was written and not yet replaced for sure")
    if kept.entries != life.ledger.last.entries[: len(kept.entries)]:
        found.append("the journal holds what did not happen")
    return found


@pytest.mark.timeout(3600)
async def test_the_journal_opens_after_a_power_cut(life: Life, tmp_path: Path) -> None:
    """The gateway's own journal starts from each image, at the last number, with the incidents that are open."""
    for moment, disk in disks(life.records, cuts(life)):
        image = disk.image(Luck.of(SEED + moment))
        kept = read(lay_out(image, tmp_path / f"{moment}/plain"))
        folder = lay_out(image, tmp_path / f"{moment}/opened")
        journal = Journal.open(folder / JOURNAL)
        state = journal.load()
        await journal.close()
        assert (state.number, frozenset(state.incidents)) == (kept.last, kept.open), moment
        assert {file.name for file in folder.iterdir()} <= {*image, JOURNAL}, moment
        shutil.rmtree(folder.parent)


async def test_a_gateway_goes_on_after_a_power_cut(life: Life, tmp_path: Path) -> None:
    """Cut right after a confirmation, nothing unsure surviving: a client sees the alarms; sent again, they stay one."""
    confirmations = [item for item in life.ledger.told if isinstance(item, Confirmation)]
    moments = [confirmations[len(confirmations) * part // 3].at + 1 for part in (1, 2)]
    for moment, disk in disks(life.records, moments):
        known = {item.serial for item in confirmations if item.at < moment}
        folder = lay_out({**disk.image(NOTHING), "token": life.token}, tmp_path / f"{moment}/data")
        gateway = Gateway(folder, {})
        async with gateway.running(), gateway.client() as client:
            assert {life.said[serial].point for serial in known} <= client.points
            await send_again(life.street, gateway.gb, last_words(life, known))
        assert doubled(read(folder), life.said) == []


def last_words(life: Life, serials: set[int]) -> list[int]:
    """The newest of these frames of every point."""
    return list({life.said[serial].point: serial for serial in sorted(serials)}.values())


async def send_again(street: Street, port: int, serials: list[int]) -> None:
    """Each device connects and sends these frames again; each is confirmed."""
    await street.connect(port, range(DEVICES))
    for serial in serials:
        await street.again(serial)
    await street.disconnect()
