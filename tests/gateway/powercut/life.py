"""A recorded life of a gateway: first start, alarms, stop, start, kill -9 among alarms, start, stop."""

import asyncio
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.gateway.powercut.kept import WAL
from tests.gateway.powercut.process import Gateway
from tests.gateway.powercut.street import DEVICES, Street
from tests.gateway.powercut.trace import Record, read, recording
from tests.gateway.powercut.verdict import Ledger, Said

SLOW_SYNC_US = 3000
"""A sync takes so much longer, as on a memory card, so that whoever does not wait for it is seen (project's choice)."""


CHECKPOINT_BYTES = 1000 * (24 + 4096)
"""SQLite checkpoints after so much WAL: https://www.sqlite.org/pragma.html#pragma_wal_autocheckpoint."""

ROUNDS = 150
"""Far more than a WAL of that size needs (project's choice)."""


@dataclass(frozen=True)
class Life:
    """What happened, what the devices said, and what the journal held when."""

    records: list[Record]
    street: Street
    ledger: Ledger
    token: bytes

    @property
    def said(self) -> dict[int, Said]:
        """Every frame by its serial."""
        return self.street.said


async def live(folder: Path, recorder: Path) -> Life:
    """Live it in an empty ``folder``."""
    data, trace = folder / "data", folder / "trace"
    data.mkdir()
    gateway, street = Gateway(data, recording(recorder, trace, data, SLOW_SYNC_US)), Street()
    await _first_day(gateway, street)
    await _killed(gateway, street)
    await _after(gateway, street)
    records = read(trace)
    return Life(records, street, Ledger(records, folder), (data / "token").read_bytes())


async def _first_day(gateway: Gateway, street: Street) -> None:
    """Alarms side by side and one by one, repeated, restored and raised again; all are taken."""
    async with gateway.running(), gateway.client() as client:
        await street.connect(gateway.gb, range(12))
        await asyncio.gather(*(street.fire(number, 1) for number in range(8)))
        await client.take_all({f"s{number}-1.smoke" for number in range(8)})
        await asyncio.gather(*(street.restore(number, 1) for number in range(4)))
        for number in range(8, 12):
            serial = await street.fire(number, 1)
            await street.again(serial)
            await street.repeat(serial)
        await _flap(street, gateway.data / WAL)
        await client.take_all({f"s{number}-1.smoke" for number in range(12)})
        await street.disconnect()


async def _flap(street: Street, wal: Path) -> None:
    """Four alarms come and go until SQLite has begun its WAL from the front again."""
    for _ in range(ROUNDS):
        await asyncio.gather(*(street.fire(number, 1) for number in range(4)))
        await asyncio.gather(*(street.restore(number, 1) for number in range(4)))
        if wal.stat().st_size > CHECKPOINT_BYTES:
            break
    await asyncio.gather(*(street.fire(number, 1) for number in range(4)))


async def _killed(gateway: Gateway, street: Street) -> None:
    """Killed as soon as one of eight alarms is confirmed."""
    async with gateway.running() as child, gateway.client() as client:
        await street.connect(gateway.gb, range(8, DEVICES))
        await asyncio.gather(*(street.fire(number, 2) for number in range(8, 12)))
        await client.take_all({f"s{number}-2.smoke" for number in range(8, 12)})
        alarms = [asyncio.create_task(street.fire(number, 1)) for number in range(12, DEVICES)]
        await asyncio.wait(alarms, return_when=asyncio.FIRST_COMPLETED)
        kill(child)
        await asyncio.gather(*alarms, return_exceptions=True)
        await street.disconnect()


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a recorded process as kill -9 does, and wait for its end."""
    child.send_signal(signal.SIGRTMAX)
    assert child.wait(20) == -signal.SIGKILL


async def _after(gateway: Gateway, street: Street) -> None:
    """The devices send again; all is taken and restored."""
    async with gateway.running(), gateway.client() as client:
        await street.connect(gateway.gb, range(12, DEVICES))
        await asyncio.gather(*(street.again(serial) for serial in street.newest(range(12, DEVICES))))
        await client.take_all({f"s{number}-1.smoke" for number in range(12, DEVICES)})
        await asyncio.gather(*(street.restore(number, 1) for number in range(12, DEVICES)))
        await street.disconnect()
