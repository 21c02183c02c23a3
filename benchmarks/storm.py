"""3,276 smoke alarms of 8 compounds at once against one gateway process, and what the same costs without one.

``python -m benchmarks.storm [RUNS]``. The devices send everything at once and wait; a client follows the stream.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import floors
from community_help_gateway.codecs.gb26875 import Command, Frame, time_label, units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from tests.gateway.killing.ledger import Ledger
from tests.gateway.killing.storm import TOWN, TownGateway, Watch, follow, judged, syncs
from tests.gateway.powercut.process import free_port
from tests.gateway.powercut.trace import compiled, read, recording

GROUP = 32
"""Rows in a commit for the grouped floor: what the design's table has."""


@dataclass(frozen=True)
class Run:
    """One storm; seconds, but for the counts, and ``memory`` in MiB."""

    first_page: float
    confirmed: float
    cpu: float
    memory: float
    start: float
    incidents: int


def frames() -> dict[int, list[bytes]]:
    """What every device sends."""
    found: dict[int, list[bytes]] = {}
    label = time_label.encode(time.time())
    for home in TOWN.homes():
        part = home.part
        alarm = units.Component(1, 1, part.kind, part.raw, ComponentStatus.FIRE, "", label)
        some = found.setdefault(home.device, [])
        frame = Frame(len(some) + 1, Command.SEND, TOWN.address(home.device), 1, units.encode((alarm,)), label, 1)
        some.append(frame.encode())
    return found


async def rage(port: int) -> tuple[float, float]:
    """Send all at once and wait for every confirmation: when the first went out, when the last came in."""
    load = {number: b"".join(some) for number, some in frames().items()}
    counts = {number: len(some) for number, some in frames().items()}
    links = {number: await asyncio.open_connection("127.0.0.1", port) for number in load}
    begun = time.monotonic()
    for number, (_, writer) in links.items():
        writer.write(load[number])
    await asyncio.gather(*(_confirmed(links[number][0], counts[number]) for number in links))
    ended = time.monotonic()
    for _, writer in links.values():
        writer.close()
    return begun, ended


async def _confirmed(reader: asyncio.StreamReader, count: int) -> None:
    """Wait for so many confirmations; all have the length of the first."""
    first = await reader.readuntil(b"##")
    await reader.readexactly(len(first) * (count - 1))


async def storm(folder: Path, environment: dict[str, str]) -> Run:
    """One storm against a fresh gateway."""
    data = folder / "data"
    data.mkdir(parents=True)
    gateway, ledger = TownGateway(data, environment), Ledger()
    watch = Watch()
    started = time.monotonic()
    async with gateway.running() as child:
        start = time.monotonic() - started
        client = asyncio.create_task(follow(gateway, ledger, watch))
        await watch.ready.wait()
        cpu = _cpu(child.pid)
        begun, ended = await rage(gateway.gb)
        first = await watch.paged
        cpu, memory = _cpu(child.pid) - cpu, _memory(child.pid)
    await client
    ledger.said = Counter({home.point: 1 for home in TOWN.homes()})
    ledger.confirmed = Counter(ledger.said)
    wrong = await judged(data, ledger)
    if wrong:
        raise SystemExit("\n".join(wrong))
    return Run(first - begun, ended - begun, cpu, memory, start, len(_buildings()))


def _buildings() -> set[tuple[int, int]]:
    return {(home.compound, home.building) for home in TOWN.homes()}


def _cpu(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Resident memory in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@contextlib.asynccontextmanager
async def _echo() -> AsyncIterator[int]:
    """The floor's server in a process of its own; its port."""
    port = free_port()
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.floors", str(port))
    try:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.02)
        yield port
    finally:
        child.kill()
        await child.wait()


async def _floor() -> float:
    async with _echo() as port:
        begun, ended = await rage(port)
        return ended - begun


def report(runs: list[Run], echo: float, one: float, grouped: float, synced: int) -> Iterator[str]:
    """The figures, a line each; medians."""

    def median(name: str) -> float:
        return statistics.median(getattr(run, name) for run in runs)

    alarms, took = TOWN.alarms, median("confirmed")
    yield f"{alarms} alarms over {TOWN.devices} links; {runs[0].incidents} buildings with an incident; {len(runs)} runs"
    yield f"first page on the stream {median('first_page') * 1000:.0f} ms after the first frame was sent"
    yield f"last confirmation after {took:.2f} s: {alarms / took:.0f} alarms/s, each on the disk"
    yield f"{synced} syncs: one for {alarms / synced:.0f} alarms"
    yield f"{median('cpu'):.2f} s of processor time, {median('cpu') / alarms * 1000:.2f} ms an alarm"
    yield f"{median('memory'):.0f} MiB afterwards; start {median('start'):.1f} s"
    yield f"floor: the frames taken apart and confirmed, nothing else {alarms / echo:.0f}/s; ratio {echo / took:.3f}"
    yield f"floor: SQLite alone {one:.0f} commits/s one by one; ratio {alarms / took / one:.2f}"
    yield f"floor: SQLite alone {grouped:.0f} rows/s, {GROUP} a commit; ratio {alarms / took / grouped:.3f}"


async def main(count: int) -> None:
    """Take turns: floor, storm; and one more storm in which the syncs are counted."""
    with tempfile.TemporaryDirectory() as name:
        folder, runs, echoes = Path(name), [], []
        for number in range(count):
            echoes.append(await _floor())
            runs.append(await storm(folder / str(number), {}))
        one = floors.commits(folder / "one.sqlite", 500, 1)
        grouped = floors.commits(folder / "grouped.sqlite", 100 * GROUP, GROUP)
        trace, data = folder / "trace", folder / "counted/data"
        await storm(folder / "counted", recording(compiled(folder), trace, data, 0))
        for line in report(runs, statistics.median(echoes), one, grouped, syncs(read(trace))):
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
