"""The world around one gateway process: transmission devices, Home Assistant's stream, the fallback's service."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from community_help_gateway.codecs.gb26875 import Frame, units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.contract.commands import AdoptedState, CommandBody, ReportAdopted
from community_help_gateway.contract.messages import Changes, Command, Outcome, Resume, Snapshot, decode, encode
from community_help_gateway.contract.values import Incident, Page, PointState
from community_help_gateway.contract.wire import Json
from community_help_gateway.simulators.transmitter import Transmitter
from tests.gateway.killing.clock import Standing
from tests.gateway.killing.ledger import Ledger
from tests.gateway.killing.room import Room
from tests.gateway.killing.town import Town

SOON = 60.0
"""So long may what must come take on a busy machine (project's choice)."""


class GoneError(ConnectionError):
    """The gateway is not there any more."""


class Device(Transmitter):
    """A transmission device on the standing clock."""

    clock: Standing

    def _label(self, at: float | None) -> bytes:
        return super()._label(self.clock.wall() if at is None else at)


@dataclass
class Outside:
    """Everything that talks to a gateway; what it is told goes into ``ledger``."""

    town: Town
    ports: tuple[int, int]
    folder: Path
    clock: Standing
    ledger: Ledger = field(default_factory=Ledger)
    incidents: dict[str, Incident] = field(default_factory=dict)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    fence: int = 0
    own_room: Room | None = None

    def __post_init__(self) -> None:
        """Nothing is connected yet."""
        self.links: dict[int, Device] = {}
        self.states: dict[str, PointState] = {}
        self._session: aiohttp.ClientSession | None = None
        self._stream: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._outcomes: dict[str, Outcome] = {}
        self._keys = itertools.count(1)

    async def connect(self, *devices: int) -> None:
        """Bring these devices' links up, with a word that all is well."""
        for number in devices:
            self.links[number] = link = await self.link(number)
            system = units.Component(1, 1, 42, b"\0\0\0\0", ComponentStatus.NORMAL, "", link._label(None))
            await link.exchange(link.frame(units.encode((system,))))

    async def link(self, number: int) -> Device:
        """One open link."""
        device = await Device.connect("127.0.0.1", self.ports[1], self.town.address(number), reply_seconds=SOON)
        assert isinstance(device, Device)
        device.clock = self.clock
        return device

    async def fire(self, *numbers: int) -> None:
        """Smoke alarms go off, all at once on each link, and are confirmed."""
        await self._say(numbers, ComponentStatus.FIRE)

    async def restore(self, *numbers: int) -> None:
        """They say that all is well again, and are confirmed."""
        await self._say(numbers, ComponentStatus.NORMAL)

    async def again(self, *numbers: int) -> None:
        """They repeat their alarm in a new frame; no new episode."""
        await self._say(numbers, ComponentStatus.FIRE, new=False)

    async def _say(self, numbers: tuple[int, ...], status: ComponentStatus, *, new: bool = True) -> None:
        by_link: dict[int, list[int]] = {}
        for number in numbers:
            by_link.setdefault(self.town.home(number).device, []).append(number)
        alarm = new and status is ComponentStatus.FIRE
        await asyncio.gather(*(self._on_link(link, some, status, alarm) for link, some in by_link.items()))

    async def _on_link(self, device: int, numbers: list[int], status: ComponentStatus, alarm: bool) -> None:
        link = self.links[device]
        frames: dict[int, tuple[Frame, str]] = {}
        for number in numbers:
            home = self.town.home(number)
            frame = link.frame(units.encode((link.component(home.part, status, None),)))
            frames[frame.serial] = frame, home.point
            self.ledger.said[home.point] += alarm
            self.ledger.waiting.setdefault(device, []).append(frame)
            link.send(frame)
        while frames:
            for reply in await link.replies(1):
                frame, point = frames.pop(reply.serial)
                self.ledger.waiting[device].remove(frame)
                self.ledger.confirmed[point] += alarm

    async def watch(self) -> None:
        """Open the stream and take the snapshot."""
        token = (self.folder / "data/token").read_text().strip()
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"})
        url = f"http://127.0.0.1:{self.ports[0]}/api/v1/stream"
        self._stream = await self._session.ws_connect(url, max_msg_size=0)
        await self._stream.send_json(encode(Resume("one", "Home")))
        complete = asyncio.Event()
        self._reader = asyncio.create_task(self._read(complete))
        await self._until(complete.is_set)

    async def _read(self, complete: asyncio.Event) -> None:
        assert self._stream
        async for frame in self._stream:
            message = decode(frame.json())
            self._note(message)
            if isinstance(message, Snapshot) and message.part == message.parts:
                complete.set()
            self._news.set()
        self.gone.set()
        self._news.set()

    def _note(self, message: object) -> None:
        match message:
            case Outcome():
                self._outcomes[message.key] = message
                assert message.ok, message
                self.ledger.answered[message.key] = message.result
            case Snapshot():
                self.incidents |= {item.id: item for item in message.incidents}
                self.states |= {state.point: state for state in message.states}
                self._pages(message.pages)
                self.ledger.shown_to = max(self.ledger.shown_to, message.cursor.number)
            case Changes():
                self.states |= {state.point: state for state in message.states}
                for event in message.events:
                    self.incidents[event.incident.id] = event.incident
                    self.ledger.events[event.number] = event.kind.value
                self._pages(message.pages)
                self.ledger.shown_to = max(self.ledger.shown_to, message.cursor.number)

    def _pages(self, pages: tuple[Page, ...]) -> None:
        self.ledger.pages |= {page.id: page for page in pages}

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Wait for what the stream shall bring."""
        async with asyncio.timeout(SOON):
            while not holds():
                if self.gone.is_set():
                    raise GoneError
                self._news.clear()
                await self._news.wait()

    async def paged(self, count: int = 1) -> list[Page]:
        """Wait for so many unsettled pages of real incidents; oldest first."""

        def found() -> list[Page]:
            return sorted((page for page in self.ledger.pages.values() if not page.settled), key=lambda p: p.number)

        await self._until(lambda: len(found()) >= count)
        return found()

    async def shown(self, kind: str, count: int = 1) -> None:
        """Wait until so many incident events of a kind were shown."""
        await self._until(lambda: list(self.ledger.events.values()).count(kind) >= count)

    @property
    def room(self) -> Room:
        """The station's."""
        assert self.own_room
        return self.own_room

    async def heard(self, point: str, *, on: bool) -> None:
        """Wait until a point is shown as on or off."""
        await self._until(lambda: point in self.states and self.states[point].on is on)

    async def opened(self) -> None:
        """Wait until the relay itself is off, whatever is shown."""
        async with asyncio.timeout(SOON):
            while await self.room.on():
                if self.gone.is_set():
                    raise GoneError
                await asyncio.sleep(0.01)

    async def report(self, state: AdoptedState, *, episode: bool = False) -> None:
        """Home Assistant tells what an adopted entity says; ``episode``: an alarm begins with it."""
        point = f"{state.device}.smoke"
        self.ledger.said[point] += episode
        await self.command(ReportAdopted((state,)))
        self.ledger.confirmed[point] += episode

    async def overdue(self) -> Page:
        """Wait for a page that is."""

        def found() -> list[Page]:
            return [page for page in self.ledger.pages.values() if page.overdue and not page.settled]

        await self._until(lambda: bool(found()))
        return found()[0]

    async def noticed(self, count: int) -> None:
        """Wait until the fallback's service has been called so often."""
        async with asyncio.timeout(SOON):
            while len(self.ledger.notices) < count:
                if self.gone.is_set():
                    raise GoneError
                await asyncio.sleep(0.005)

    def incident_of(self, number: int) -> Incident:
        """The open incident of an alarm's building."""
        home = self.town.home(number)
        (found,) = (
            item
            for item in self.incidents.values()
            if item.closed_at is None
            and item.hazard.value == "fire"
            and item.compound == f"c{home.compound}"
            and f"{home.building + 1}号楼" in item.place
        )
        return found

    async def command(self, body: CommandBody) -> dict[str, Json]:
        """Send a command and wait for its outcome."""
        assert self._stream
        key = f"k{next(self._keys)}-{type(body).__name__}-{self.clock.wall():.0f}"
        self.ledger.commands[key] = body
        if self._stream.closed:
            raise GoneError
        await self._stream.send_json(encode(Command(key, body, self.fence)))
        await self._until(lambda: key in self._outcomes)
        return self._outcomes[key].result

    async def control(self, line: str) -> str:
        """Tell the process itself something; a time that passes, passes here too."""
        if line.startswith("pass "):
            self.clock.pass_(float(line.split()[1]))
        reader, writer = await asyncio.open_unix_connection(self.folder / "control")
        try:
            writer.write(f"{line}\n".encode())
            answer = await reader.readline()
        finally:
            writer.close()
        if not answer:
            raise GoneError
        return answer.decode().strip()

    async def close(self) -> None:
        """Hang up."""
        for link in self.links.values():
            await link.close()
        if self._stream:
            await self._stream.close()
        if self._reader:
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._session:
            await self._session.close()
