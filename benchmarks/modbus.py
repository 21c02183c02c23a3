"""From a contact on Modbus TCP to the state: 300 detectors, ours next to Home Assistant's ``modbus`` in one run.

``python -m benchmarks.modbus [CHANGES]`` in the gateway's environment; ``benchmarks.detectors`` says what the field
is. Contacts close one after the other at random moments. Ours is a gateway process, seen on its stream and in a Home
Assistant with the integration; the other is read by a Home Assistant of its own, every second, which is its minimum.
"""

import asyncio
import contextlib
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.comparison import p50, p99
from benchmarks.detectors import Field, Place, unique_id
from benchmarks.watching import PATIENCE, Watch, cpu
from community_help_gateway.contract.messages import Changes, Resume, Snapshot, decode, encode
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.processes import ROOT, GatewayProcess

LIBRARIES = ROOT / ".work/modbus"
"""Where the libraries of Home Assistant's ``modbus`` are, which no environment of this project has."""

CHANGES, PAUSE = 200, (0.02, 0.28)
"""How many contacts close, and the seconds between two, evenly spread (project's choice)."""

REST, IDLE = 5.0, 20.0
"""Seconds before the first change, and of watching what polling costs while nothing changes (project's choice)."""


@dataclass
class Seen:
    """Seconds from the contact to what was seen; ``busy`` is the share of a core while nothing changes."""

    times: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)


class Stream:
    """A client of the gateway's stream that notes when each detector's alarm was shown."""

    def __init__(self) -> None:
        """Follow with ``following``."""
        self.seen: dict[str, float] = {}
        self._ready = asyncio.Event()

    @contextlib.asynccontextmanager
    async def following(self, gateway: GatewayProcess) -> AsyncIterator[None]:
        """It has its snapshot and follows."""
        task = asyncio.create_task(self._follow(gateway))
        await self._ready.wait()
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, gateway: GatewayProcess) -> None:
        url = f"http://127.0.0.1:{gateway.api_port}/api/v1/stream"
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {gateway.token}"}) as session,
            session.ws_connect(url, max_msg_size=0) as stream,
        ):
            await stream.send_json(encode(Resume("benchmark", "Benchmark")))
            async for message in stream:
                now, body = time.perf_counter(), decode(message.json())
                if isinstance(body, Snapshot) and body.part == body.parts:
                    self._ready.set()
                if isinstance(body, Changes):
                    for state in body.states:
                        if state.alarm:
                            self.seen.setdefault(state.point, now)


def written(file: Path, text: str) -> Path:
    """The file, with this text at its end."""
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)
    return file


async def closed(found: Field, places: Sequence[Place]) -> dict[Place, float]:
    """Close these contacts one after the other; when each was."""
    chance, at = random.Random(2), {}  # noqa: S311
    for place in places:
        await asyncio.sleep(chance.uniform(*PAUSE))
        at[place] = time.perf_counter()
        await found.set(place, on=True)
    return at


async def entities(hass: HomeAssistant, key: Callable[[Place], str], places: Iterable[Place]) -> dict[Place, str]:
    """The entity of each detector, by its unique id; ours has the gateway's id before it."""
    socket, wanted = await hass.socket(), {key(place): place for place in places}
    async with asyncio.timeout(PATIENCE):
        while True:
            items = [
                (wanted.get("_".join(item["unique_id"].split("_")[-2:])), item["entity_id"])
                for item in await socket.call("config/entity_registry/list")
            ]
            found = {place: entity for place, entity in items if place}
            if len(found) == len(wanted):
                await socket.close()
                return found
            await asyncio.sleep(0.5)


async def busy(processes: dict[str, int]) -> dict[str, float]:
    """The share of a core that each process has while nothing changes."""
    before, begun = {name: cpu(pid) for name, pid in processes.items()}, time.perf_counter()
    await asyncio.sleep(IDLE)
    return {name: (cpu(pid) - before[name]) / (time.perf_counter() - begun) for name, pid in processes.items()}


async def watched(
    hass: HomeAssistant,
    of: dict[Place, str],
    places: Sequence[Place],
    close: Callable[[], Awaitable[dict[Place, float]]],
) -> list[float]:
    """Close contacts and wait until Home Assistant's websocket has shown each."""
    watch = await Watch.of(hass)
    watch.expect(of.values(), "on", "off")
    await watch.came()
    await asyncio.sleep(REST)
    watch.expect([of[place] for place in places], "on")
    at = await close()
    seen = await watch.came()
    await watch.close()
    return [seen[of[place]] - begun for place, begun in at.items()]


async def ours(folder: Path, found: Field, places: Sequence[Place]) -> Seen:
    """The gateway, its stream, and Home Assistant with the integration."""
    site = written(folder / "site.yaml", found.site())
    gateway, hass, stream, seen = (
        GatewayProcess(folder, site),
        HomeAssistant(folder, blueprints=False),
        Stream(),
        Seen(),
    )
    gateway.start()
    try:
        await gateway.ready()
        await hass.started()
        await hass.add_gateway(gateway.api_port, gateway.pairing_code, blueprints=False)
        of = await entities(hass, lambda place: f"a{place.number}_smoke", found.places)
        async with stream.following(gateway):
            at: dict[Place, float] = {}

            async def close() -> dict[Place, float]:
                at.update(await closed(found, places))
                return at

            seen.times["ours, Home Assistant"] = await watched(hass, of, places, close)
            shown = stream.seen
            seen.times["ours, stream"] = [shown[f"a{place.number}.smoke"] - begun for place, begun in at.items()]
        seen.busy = await busy({"ours, gateway": gateway.pid, "ours, Home Assistant": hass.pid})
    finally:
        await hass.closed()
        await gateway.stop()
    return seen


async def theirs(folder: Path, found: Field, places: Sequence[Place]) -> Seen:
    """Home Assistant's own ``modbus``."""
    hass, seen = HomeAssistant(folder, blueprints=False), Seen()
    written(hass.folder / "configuration.yaml", found.configuration())
    hass.arguments = ["env", f"PYTHONPATH={LIBRARIES}", *hass.arguments]
    try:
        await hass.started()
        of = await entities(hass, unique_id, found.places)
        seen.times["modbus, Home Assistant"] = await watched(hass, of, places, lambda: closed(found, places))
        seen.busy = await busy({"modbus, Home Assistant": hass.pid})
    finally:
        await hass.closed()
    return seen


async def main(changes: int) -> None:
    """One after the other, on the same field."""
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # a client that hangs up is no error of the field
    found, runs = Field(), []
    with tempfile.TemporaryDirectory() as name:
        async with found.listening():
            places = random.Random(1).sample(found.places, min(changes, len(found.places)))  # noqa: S311
            runs.append(await ours(Path(name) / "ours", found, places))
            await found.calm()
            if (LIBRARIES / "tmodbus").is_dir():
                runs.append(await theirs(Path(name) / "theirs", found, places))
            else:
                sys.stdout.write("modbus is left out: benchmarks/README.md says how to get its libraries\n")
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    sys.stdout.write(f"{len(found.places)} detectors, {len(places)} changes; load of the machine {load}\n")
    for run in runs:
        for who, times in run.times.items():
            sys.stdout.write(f"{who}: p50 {1000 * p50(times):.0f} ms, p99 {1000 * p99(times):.0f} ms\n")
        for who, share in run.busy.items():
            sys.stdout.write(f"{who}: {100 * share:.1f} % of a core while nothing changes\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else CHANGES))
