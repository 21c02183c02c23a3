"""What as many entities cost in Home Assistant: ours, a bare component, and ``mqtt``, one after the other in one run.

``python -m benchmarks.entities [ALARMS] [NAME…]`` in Home Assistant's environment; NAME: ours, floor, mqtt. Each has
a Home Assistant process of its own, and so has an empty one. With ours the pages go to one phone, sent by the pager.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import comparison
from benchmarks.subjects import KINDS, Bare, Mqtt, Ours, Subject, Way
from benchmarks.watching import PATIENCE, Watch, cpu, memory
from tests.e2e.home_assistant import HomeAssistant
from tests.gateway.killing.town import Town

TOWN = Town(alarms=3276, compounds=8, links=7)
"""The community of the project's design."""

STARTS, STORMS = 3, 3
"""Their medians count (project's choice)."""

SETTLE = 15.0
"""Seconds of rest after a start: the recorder writes, the caches fill (project's choice)."""

RATE, PACED = 10.0, 300
"""Alarms a second, and how many of them (project's choice)."""

SLICES = 50
"""A storm of one second comes in so many parts (project's choice)."""

MINUTE = 60.0

NOT_STARTED = "there is nothing to follow"


@dataclass
class Figures:
    """What was measured of one. Seconds, KiB of memory, shares of a core."""

    entities: int = 0
    starts: list[float] = field(default_factory=list)
    memory: int = 0
    paced: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    busy: float = 0.0
    beside: float = 0.0
    cut: bool = False
    errors: list[str] = field(default_factory=list)

    @property
    def start(self) -> float:
        """The median start."""
        return statistics.median(self.starts)


FOREIGN = ("haffmpeg", "img_util", "radio_browser")
"""Integrations that every fresh Home Assistant sets up, and what they miss on a machine without their libraries."""


def wrong(line: str) -> bool:
    """Whether a line of the log speaks of an error, or of a websocket client that could not follow."""
    return (" ERROR " in line and not any(name in line for name in FOREIGN)) or "unable to keep up" in line


class Trial:
    """A subject in a Home Assistant of its own; without one, the empty Home Assistant."""

    def __init__(self, folder: Path, subject: Subject | None, alarms: int) -> None:
        """Prepare the configuration; logs as a user has them."""
        self.hass = HomeAssistant(folder, blueprints=False)
        file = self.hass.folder / "configuration.yaml"
        file.write_text(file.read_text("utf-8").replace(": debug", ": warning"), "utf-8")
        libraries = subject.libraries if subject else ""
        self.hass.arguments = ["env", f"PYTHONPATH={libraries}", *self.hass.arguments]
        self._subject, self._alarms = subject, alarms
        self._log = folder / "home-assistant.log"
        self._smoke: dict[int, str] = {}
        self._all: list[str] = []
        self._watch: Watch | None = None
        self.figures = Figures()

    @property
    def watch(self) -> Watch:
        """The client of the newest start."""
        if not self._watch:
            raise RuntimeError(NOT_STARTED)
        return self._watch

    @property
    def subject(self) -> Subject:
        """Who is tried."""
        if not self._subject:
            raise RuntimeError(NOT_STARTED)
        return self._subject

    async def run(self) -> Figures:
        """Everything."""
        if self._subject:
            self._subject.prepare(self.hass)
        try:
            await self.hass.started(PATIENCE)
            await self._alone()
            if self._subject:
                await self._add()
            for _ in range(STARTS):
                await self._restarted()
            if self._subject:
                await self._subject.restarted()
            await asyncio.sleep(SETTLE)
            self.figures.memory = memory(self.hass.pid)
            self.figures.entities = len(self.watch.states)
            if self._subject:
                await self._alarms_come()
            await self._minute()
            self.figures.cut = not await self.watch.alive()
            await self.watch.close()
        finally:
            await self.hass.closed()
            if self._subject:
                await self._subject.close()
        lines = self._log.read_text("utf-8", "replace").splitlines()
        self.figures.errors = [line for line in lines if wrong(line)]
        return self.figures

    async def _alone(self) -> None:
        """Remove what a fresh Home Assistant sets up by itself and then asks the internet for while it starts."""
        for entry in await self.hass.get("/api/config/config_entries/entry"):
            await self.hass.remove_entry(entry["entry_id"])

    async def _add(self) -> None:
        await self.subject.add(self.hass)
        socket = await self.hass.socket()
        found: dict[tuple[int, str], str] = {}
        deadline = time.monotonic() + PATIENCE
        while len(found) < self._alarms * len(KINDS):
            if time.monotonic() > deadline:
                message = f"{self.subject.name}: {len(found)} entities after {PATIENCE} s"
                raise TimeoutError(message)
            await asyncio.sleep(1)
            for item in await socket.call("config/entity_registry/list"):
                if key := self.subject.number_of(item["unique_id"]):
                    found[key] = item["entity_id"]
        await socket.close()
        self._smoke = {number: one for (number, kind), one in found.items() if kind == "smoke"}
        self._all = list(found.values())
        self._watch = await Watch.of(self.hass)
        self.watch.expect(self._all, "on", "off")
        await self.watch.came()

    async def _restarted(self) -> None:
        if self._watch:
            await self._watch.close()
        await self.hass.stop()
        begun = time.monotonic()
        await self.hass.started(PATIENCE)
        self._watch = await Watch.of(self.hass)
        self.watch.expect(self._all, "on", "off")
        await self.watch.came()
        self.figures.starts.append(time.monotonic() - begun)

    async def _alarms_come(self) -> None:
        some = random.Random(1).sample(range(self._alarms), min(PACED, self._alarms))  # noqa: S311
        self.figures.paced = await self._turn(some, self._pace)
        everywhere = list(range(self._alarms))
        for _ in range(STORMS):
            self.figures.second.append(max(await self._turn(everywhere, self._within_a_second)))
        for _ in range(STORMS):
            self.figures.at_once.append(max(await self._turn(everywhere, self._at_once)))

    async def _turn(
        self, numbers: Sequence[int], send: Callable[[Sequence[int]], Awaitable[list[float]]]
    ) -> list[float]:
        """Alarm, see, restore, see, rest: how long after its sending, or the storm's begin, each was seen."""
        smoke = [self._smoke[number] for number in numbers]
        self.watch.expect(smoke, "on")
        sent = await send(numbers)
        seen = await self.watch.came()
        found = [seen[one] - begun for one, begun in zip(smoke, sent, strict=True)]
        self.watch.expect(smoke, "off")
        self._write([(number, self.subject.alarm(number, on=False)) for number in numbers])
        await self.watch.came()
        await self.subject.settle(self.hass)
        await asyncio.sleep(2)
        return found

    async def _pace(self, numbers: Sequence[int]) -> list[float]:
        sent, next_one, chance = [], time.perf_counter(), random.Random(2)  # noqa: S311
        for number in numbers:
            data = self.subject.alarm(number, on=True)
            await asyncio.sleep(max(0.0, next_one - time.perf_counter()))
            sent.append(time.perf_counter())
            self.subject.way(number)(data)
            next_one += chance.uniform(0.5, 1.5) / RATE
        return sent

    async def _within_a_second(self, numbers: Sequence[int]) -> list[float]:
        frames = [(number, self.subject.alarm(number, on=True)) for number in numbers]
        begun, size = time.perf_counter(), -(-len(frames) // SLICES)
        for part in range(SLICES):
            await asyncio.sleep(max(0.0, begun + part / SLICES - time.perf_counter()))
            self._write(frames[part * size : (part + 1) * size])
        return [begun] * len(frames)

    async def _at_once(self, numbers: Sequence[int]) -> list[float]:
        frames = [(number, self.subject.alarm(number, on=True)) for number in numbers]
        begun = time.perf_counter()
        self._write(frames)
        return [begun] * len(frames)

    def _write(self, frames: Iterable[tuple[int, bytes]]) -> None:
        """Each connection gets what is for it in one piece."""
        load: dict[Way, bytearray] = {}
        for number, data in frames:
            load.setdefault(self.subject.way(number), bytearray()).extend(data)
        for way, some in load.items():
            way(bytes(some))

    async def _minute(self) -> None:
        """Each alarm reports once; what that keeps busy."""
        beside = self._subject.process if self._subject else None
        begun = time.perf_counter()
        before, before_beside = cpu(self.hass.pid), cpu(beside.pid) if beside else 0.0
        for number in range(self._alarms if self._subject else 0):
            wait = begun + number * MINUTE / self._alarms - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            self.subject.way(number)(self.subject.report(number))
        await asyncio.sleep(max(0.0, begun + MINUTE - time.perf_counter()))
        took = time.perf_counter() - begun
        self.figures.busy = (cpu(self.hass.pid) - before) / took
        self.figures.beside = (cpu(beside.pid) - before_beside) / took if beside else 0.0


async def main(alarms: int, names: Sequence[str]) -> None:
    """The empty one, and each subject, one after the other."""
    town = Town(alarms=alarms, compounds=TOWN.compounds, links=TOWN.links)
    kinds: list[type[Subject]] = [kind for kind in (Ours, Bare, Mqtt) if not names or kind.name in names]
    if Mqtt in kinds and (missing := Mqtt.missing()):
        sys.stdout.write(f"mqtt is left out: {missing}\n")
        kinds.remove(Mqtt)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {"empty": await Trial(folder, None, alarms).run()}
        for kind in kinds:
            subject = kind(folder / kind.name, town)
            found[kind.name] = await Trial(folder / kind.name, subject, alarms).run()
            sys.stderr.write("".join(f"{line}\n" for line in comparison.lines(alarms, found)))
    for line in comparison.lines(alarms, found):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if argument.isdigit()]
    asyncio.run(main(int(given[0]) if given else TOWN.alarms, [one for one in sys.argv[1:] if not one.isdigit()]))
