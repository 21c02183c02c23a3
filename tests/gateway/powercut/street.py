"""Twenty transmission devices with two smoke alarms each, one client, and the gateway that they all talk to."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp

from community_help_gateway.codecs.gb26875 import Command, Frame, units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.contract.messages import (
    Acknowledge,
    Changes,
    Command as Order,
    Outcome,
    Resume,
    Snapshot,
    decode,
    encode,
)
from community_help_gateway.contract.values import Incident, Person, Way
from community_help_gateway.simulators.transmitter import Part, Transmitter
from tests.gateway.powercut.verdict import Said

DEVICES = 20
PER_BUILDING = 5
FIRST_ADDRESS = 5001
ZHANG = Person("zhang", "张三")


def site() -> str:
    """The site file: four buildings, five devices in each, two smoke alarms to a device."""
    where = [f"compound: bay, building: {number // PER_BUILDING + 1}号楼" for number in range(DEVICES)]
    lines = [
        "version: 1",
        "compounds: [{ id: bay, name: 清水湾 }]",
        "staff: [{ id: zhang, name: 张三 }]",
        "transmitters:",
        *(
            f"  - {{ id: t{number}, name: 用传, {place}, address: {FIRST_ADDRESS + number} }}"
            for number, place in enumerate(where)
        ),
        "devices:",
    ]
    for number, alarm in itertools.product(range(DEVICES), (1, 2)):
        at = f"at: {{ transmitter: t{number}, zone: 1, position: {alarm} }}"
        flat = f"floor: {number % PER_BUILDING + 1}, flat: {number}0{alarm}"
        lines.append(f"  - {{ id: s{number}-{alarm}, name: 烟感, kind: smoke_alarm, {where[number]}, {flat}, {at} }}")
    return "\n".join(lines)


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gateway:
    """A real gateway process on a data folder that exists already."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        """``environment`` is what it gets besides the machine's own."""
        self.data, self.api, self.gb = data, free_port(), free_port()
        self._environment = {**os.environ, **environment}
        self._site = data.parent / f"{data.name}.yaml"
        self._site.write_text(site(), "utf-8")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[subprocess.Popen[bytes]]:
        """Start it, wait until it is healthy; it is ended by SIGTERM unless it has ended already."""
        command = [sys.executable, "-m", "community_help_gateway", "--host", "127.0.0.1"]
        command += ["--data", str(self.data), "--site", str(self._site)]
        command += ["--api-port", str(self.api), "--gb26875-port", str(self.gb)]
        with self._site.with_suffix(".log").open("ab") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)
        try:
            await self._healthy(child)
            yield child
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                await asyncio.to_thread(child.wait, 20)
        finally:
            child.kill()
            child.wait()

    async def _healthy(self, child: subprocess.Popen[bytes]) -> None:
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                assert child.poll() is None, self._site.with_suffix(".log").read_text("utf-8")
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.api}/health") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """A client that has its snapshot."""
        token = (self.data / "token").read_text().strip()
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
            session.ws_connect(f"http://127.0.0.1:{self.api}/api/v1/stream") as stream,
        ):
            client = Client(stream)
            await stream.send_json(encode(Resume("test", "Test")))
            while not client.complete:
                await client.receive()
            yield client


class Client:
    """Follows the stream and takes incidents for Zhang San."""

    def __init__(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        """Connected already."""
        self.incidents: dict[str, Incident] = {}
        self.complete = False
        self._stream = stream
        self._outcomes: dict[str, Outcome] = {}

    async def receive(self) -> None:
        """Take in one message."""
        message = decode(await self._stream.receive_json(timeout=20))
        if isinstance(message, Outcome):
            self._outcomes[message.key] = message
        elif isinstance(message, Snapshot):
            self._note(message.incidents)
            self.complete = message.part == message.parts
        elif isinstance(message, Changes):
            self._note(tuple(event.incident for event in message.events))

    def _note(self, incidents: tuple[Incident, ...]) -> None:
        self.incidents.update({incident.id: incident for incident in incidents})

    async def take_all(self, points: set[str]) -> None:
        """Wait until each of ``points`` is in an incident, then take all incidents that are not answered, at once."""
        while not points <= self.points:
            await self.receive()
        keys = []
        for incident in self.incidents.values():
            if incident.acknowledged_revision < incident.revision:
                keys.append(f"{incident.id}.{incident.revision}")
                body = Acknowledge(incident.id, incident.revision, ZHANG, Way.BUTTON, time.time())
                await self._stream.send_json(encode(Order(keys[-1], body)))
        while not self._outcomes.keys() >= set(keys):
            await self.receive()
        assert all(self._outcomes[key].ok for key in keys)

    @property
    def points(self) -> set[str]:
        """The points that are part of an incident."""
        return {member.point for incident in self.incidents.values() for member in incident.members}


class Street:
    """The devices. ``said`` is every frame that was ever sent, by its serial."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self.said: dict[int, Said] = {}
        self.frames: dict[int, tuple[int, Frame]] = {}
        self._serials = itertools.count(1)
        self._words: Counter[str] = Counter()
        self._episodes: Counter[str] = Counter()
        self._links: dict[int, Transmitter] = {}

    async def connect(self, port: int, numbers: range) -> None:
        """Connect these devices."""
        for number in numbers:
            self._links[number] = await Transmitter.connect("127.0.0.1", port, FIRST_ADDRESS + number)

    async def disconnect(self) -> None:
        """Cut every link."""
        links, self._links = self._links, {}
        for link in links.values():
            await link.close()

    async def fire(self, number: int, alarm: int) -> int:
        """A smoke alarm goes off and is confirmed; the serial."""
        return await self._say(self._next(number, alarm, ComponentStatus.FIRE))

    async def restore(self, number: int, alarm: int) -> int:
        """It says that all is well again and is confirmed; the serial."""
        return await self._say(self._next(number, alarm, ComponentStatus.NORMAL))

    async def again(self, serial: int) -> None:
        """The device sends the very same frame again, and gets a confirmation again."""
        await self._say(serial)

    async def repeat(self, serial: int) -> int:
        """The device says the same in a new frame."""
        number, frame = self.frames[serial]
        new = next(self._serials)
        self.said[new] = replace(self.said[serial], serial=new)
        self.frames[new] = (number, replace(frame, serial=new))
        return await self._say(new)

    def _next(self, number: int, alarm: int, status: ComponentStatus) -> int:
        point, fire = f"s{number}-{alarm}.smoke", status is ComponentStatus.FIRE
        self._words[point] += 1
        self._episodes[point] += fire
        serial, link = next(self._serials), self._links[number]
        said = Said(serial, point, self._words[point], self._episodes[point], fire)
        self.said[serial] = said
        component = link.component(Part(1, alarm), status, None)
        self.frames[serial] = (number, replace(link.frame(units.encode((component,))), serial=serial))
        return serial

    async def _say(self, serial: int) -> int:
        number, frame = self.frames[serial]
        reply = await self._links[number].exchange(frame)
        assert reply.command == Command.CONFIRM
        return serial

    def newest(self, numbers: range) -> list[int]:
        """The serials of the last frame of each of these devices."""
        return list({number: serial for serial, (number, _) in self.frames.items() if number in numbers}.values())
