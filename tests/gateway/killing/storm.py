"""Every smoke alarm of a town at once, by devices that send again what was not confirmed."""

import asyncio
import contextlib
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from community_help_gateway.codecs.gb26875 import Frame, units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.contract.messages import Changes, Resume, Snapshot, decode, encode
from community_help_gateway.model.state import State
from community_help_gateway.simulators.transmitter import Transmitter
from tests.gateway.killing.evidence import Evidence, opened
from tests.gateway.killing.judge import problems
from tests.gateway.killing.ledger import Ledger
from tests.gateway.killing.town import Home, Town
from tests.gateway.powercut.process import Gateway
from tests.gateway.powercut.told import Confirmation, Message, told
from tests.gateway.powercut.trace import Kind, Record

TOWN = Town(alarms=3276, compounds=8, links=7)
"""The community of the project's design; 56 links, because one address may open 64."""

AGAIN_SECONDS = 0.05
"""A device whose link broke connects again so soon (project's choice)."""


PATIENCE = 5
"""So often is a start waited for as long as a small one (project's choice)."""


class TownGateway(Gateway):
    """A real gateway process for a town; its ports stay the same over restarts."""

    def __init__(self, data: Path, environment: dict[str, str], town: Town = TOWN) -> None:
        """``data`` exists already."""
        super().__init__(data, environment)
        self._site.write_text(town.site(), "utf-8")

    async def _healthy(self, child: subprocess.Popen[bytes]) -> None:
        """A large site file takes longer to read, above all on a busy machine."""
        for _ in range(PATIENCE):
            with contextlib.suppress(TimeoutError):
                return await super()._healthy(child)
        raise TimeoutError


@dataclass
class Storm:
    """``first_sent``, ``last_confirmed``: on the monotonic clock. ``lost_links`` counts those that broke."""

    port: int
    town: Town = TOWN
    ledger: Ledger = field(default_factory=Ledger)
    lost_links: int = 0
    first_sent: float = 0.0
    last_confirmed: float = 0.0

    async def rage(self) -> None:
        """All alarms; ends when every one is confirmed."""
        by_device: dict[int, list[Home]] = {}
        for home in self.town.homes():
            by_device.setdefault(home.device, []).append(home)
            self.ledger.said[home.point] += 1
        ready = asyncio.Barrier(len(by_device) + 1)
        devices = [asyncio.create_task(self._device(number, homes, ready)) for number, homes in by_device.items()]
        await ready.wait()
        self.first_sent = time.monotonic()
        await asyncio.gather(*devices)
        self.last_confirmed = time.monotonic()

    async def _device(self, number: int, homes: list[Home], ready: asyncio.Barrier) -> None:
        waiting: dict[int, tuple[Frame, str]] = {}
        link = await self._connected(number)
        for home in homes:
            frame = link.frame(units.encode((link.component(home.part, ComponentStatus.FIRE, None),)))
            waiting[frame.serial] = frame, home.point
        await ready.wait()
        while waiting:
            try:
                await self._send(link, waiting)
            except OSError:
                self.lost_links += 1
                await link.close()
                link = await self._connected(number)
        await link.close()

    async def _connected(self, number: int) -> Transmitter:
        while True:
            with contextlib.suppress(OSError):
                return await Transmitter.connect("127.0.0.1", self.port, self.town.address(number))
            await asyncio.sleep(AGAIN_SECONDS)

    async def _send(self, link: Transmitter, waiting: dict[int, tuple[Frame, str]]) -> None:
        for frame, _ in waiting.values():
            link.send(frame)
        while waiting:
            for reply in await link.replies(1):
                _, point = waiting.pop(reply.serial)
                self.ledger.confirmed[point] += 1


@dataclass
class Watch:
    """``ready``: the client has its snapshot; ``paged``: when the first page was shown to it."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    paged: asyncio.Future[float] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


async def follow(gateway: Gateway, ledger: Ledger, watch: Watch) -> None:
    """A client of the stream: notes what it is shown; ends with the gateway."""
    token = (gateway.data / "token").read_text().strip()
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
        session.ws_connect(f"http://127.0.0.1:{gateway.api}/api/v1/stream", max_msg_size=0) as stream,
    ):
        await stream.send_json(encode(Resume("test", "Test")))
        async for message in stream:
            body = decode(message.json())
            if isinstance(body, Snapshot | Changes):
                ledger.shown_to = max(ledger.shown_to, body.cursor.number)
                ledger.pages |= {page.id: page for page in body.pages}
                watch.ready.set()
            if isinstance(body, Changes):
                ledger.events |= {event.number: event.kind.value for event in body.events}
                if body.pages and not watch.paged.done():
                    watch.paged.set_result(time.monotonic())


async def judged(data: Path, ledger: Ledger, town: Town = TOWN) -> list[str]:
    """What is wrong with the journal that a storm left."""
    found = await opened(data)
    wrong = problems(Evidence(State(found.state.epoch)), found, ledger, final=True)
    entries = found.entries.values()
    fires = [entry for entry in entries if entry["kind"] == "raised" and entry["incident"]["hazard"] == "fire"]
    buildings = Counter(entry["incident"]["key"] for entry in fires)
    expected = {(home.compound, home.building) for home in town.homes()}
    wrong += [f"{key} has {count} incidents" for key, count in buildings.items() if count > 1]
    wrong += [] if len(buildings) == len(expected) else [f"{len(buildings)} of {len(expected)} buildings burn"]
    wrong += [f"joining {e['number']} is not explained" for e in entries if e["kind"] == "joined" and not e["detail"]]
    return wrong


def syncs(records: list[Record]) -> int:
    """How often a recorded process made sure that something is on the disk, from the client's snapshot on.

    It ends with the last confirmation to a device: links that go down afterwards are no part of the storm.
    """
    said = told(records)
    begun = next(item.at for item in said if isinstance(item, Message) and item.body["type"] == "snapshot")
    ended = max(item.at for item in said if isinstance(item, Confirmation))
    return sum(record.kind is Kind.SYNC_END for record in records[begun:ended])
