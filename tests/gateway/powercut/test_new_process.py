"""What a new process finds is not sure by itself: it may stand in the page cache alone."""

from pathlib import Path

from tests.gateway.powercut.disk import Disk, lay_out
from tests.gateway.powercut.life import Life, kill
from tests.gateway.powercut.luck import EVERYTHING, NOTHING, Luck
from tests.gateway.powercut.process import Gateway
from tests.gateway.powercut.street import Street
from tests.gateway.powercut.told import Confirmation
from tests.gateway.powercut.trace import Kind, Record, read, recording
from tests.gateway.powercut.verdict import Ledger, told_too_early


async def test_what_a_killed_gateway_wrote_is_sure_before_it_is_told(recorder: Path, tmp_path: Path) -> None:
    """Killed (-9) between write and sync; a new process; the device sends again; power cut: the alarm is still there.

    The new process reads the alarm from the page cache and has nothing to add, but must not confirm it, nor show it,
    before it is on the disk.
    """
    street, records = Street(), await one_alarm(recorder, tmp_path / "first")
    records = records[: unsynced(records, tmp_path)]
    data = lay_out(pages(records, EVERYTHING), tmp_path / "second")
    gateway = Gateway(data, recording(recorder, tmp_path / "trace", data, 0))
    async with gateway.running() as child, gateway.client():
        await street.connect(gateway.gb, range(1))
        await street.fire(0, 1)
        await street.disconnect()
        kill(child)
    records += read(tmp_path / "trace")
    ledger = Ledger(records, tmp_path)
    assert any(isinstance(item, Confirmation) for item in ledger.told)
    assert told_too_early(ledger, street.said) == []


async def one_alarm(recorder: Path, folder: Path) -> list[Record]:
    """A first start, and one alarm: the very one that a fresh street has to say."""
    folder.mkdir()
    gateway, street = Gateway(folder, recording(recorder, folder.with_suffix(".trace"), folder, 0)), Street()
    async with gateway.running() as child:
        await street.connect(gateway.gb, range(1))
        await street.fire(0, 1)
        await street.disconnect()
        kill(child)
    return read(folder.with_suffix(".trace"))


def unsynced(records: list[Record], folder: Path) -> int:
    """The moment right after the alarm was written and before it was synced."""
    ledger = Ledger(records, folder)
    return next(at + 1 for at, kept in ledger.written if kept.episodes)


def pages(records: list[Record], luck: Luck) -> dict[str, bytes]:
    """The files after these records."""
    disk = Disk()
    for record in records:
        disk.apply(record)
    return disk.image(luck)


def test_the_token_that_a_client_has_survives_a_power_cut(life: Life) -> None:
    """A client that was let in is let in again; the gateway is known by the same id."""
    first = next(
        at for at, record in enumerate(life.records) if record.kind is Kind.SEND and record.data[:12] == b"HTTP/1.1 101"
    )
    sure = pages(life.records[:first], NOTHING)
    assert sure.get("token") == life.token
    assert sure.get("gateway_id")
