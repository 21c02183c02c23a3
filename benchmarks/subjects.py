"""Who has the entities: this project with its gateway, a bare component, and Home Assistant's ``mqtt`` with a broker.

Each has the same smoke alarms, two entities and a device for each, and is told of them over TCP.
"""

# ruff: noqa: B027 - what most subjects need not do has an empty method here

import asyncio
import contextlib
import json
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.mqtt_publisher import Publisher
from community_help_gateway.codecs.gb26875 import units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.simulators.transmitter import Transmitter
from tests.e2e.companion_app import CompanionApp
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.processes import ROOT, GatewayProcess, Process, free_port
from tests.gateway.killing.town import Town

PATIENCE = 180.0
PAHO = ROOT / ".work/mqtt"
"""Where ``paho-mqtt`` is, which Home Assistant's ``mqtt`` needs and no environment of this project has."""

KINDS = ("smoke", "problem")


type Way = Callable[[bytes], object]
"""Sends what it is given over one connection."""


class Subject(ABC):
    """One of the three. ``process`` runs beside Home Assistant; ``libraries`` is a folder that it imports from too."""

    name = ""
    libraries = ""
    process: Process | None = None

    def __init__(self, folder: Path, town: Town) -> None:
        """Nothing runs yet."""
        self.folder = folder
        self.town = town
        folder.mkdir(parents=True, exist_ok=True)

    def prepare(self, hass: HomeAssistant) -> None:
        """Before Home Assistant's first start."""

    async def add(self, hass: HomeAssistant) -> None:
        """Make the entities in a Home Assistant that runs; everything is heard once, and normal."""

    async def restarted(self) -> None:
        """Home Assistant was restarted."""

    @abstractmethod
    def way(self, number: int) -> Way:
        """By what an alarm is heard."""

    @abstractmethod
    def alarm(self, number: int, *, on: bool) -> bytes:
        """What is sent when an alarm sounds or is restored."""

    @abstractmethod
    def report(self, number: int) -> bytes:
        """What is sent when an alarm reports that all is well."""

    async def settle(self, hass: HomeAssistant) -> None:
        """Make what people would do after an alarm was restored."""

    async def close(self) -> None:
        """End everything."""

    def number_of(self, unique_id: str) -> tuple[int, str] | None:
        """Which alarm and which of its two entities it is."""
        head, _, kind = unique_id.rpartition("_")
        if kind not in KINDS:
            return None
        digits = head.rpartition("a")[2]
        return (int(digits), kind) if digits.isdigit() else None


class Ours(Subject):
    """This project: the transmission devices speak GB/T 26875.3 to the gateway process."""

    name = "ours"

    def __init__(self, folder: Path, town: Town) -> None:
        """Start the gateway with the town's site file."""
        super().__init__(folder, town)
        site = folder / "site.yaml"
        site.write_text(town.site(), "utf-8")
        self.process = self._gateway = GatewayProcess(folder, site)
        self._links: list[Transmitter] = []
        self._drains: list[asyncio.Task[Any]] = []
        self._homes = list(town.homes())
        self._phone: CompanionApp | None = None

    async def add(self, hass: HomeAssistant) -> None:
        """Start the gateway, let every alarm report, add the integration."""
        self._gateway.start()
        await self._gateway.ready(PATIENCE)
        for number in range(self.town.devices):
            address = self.town.address(number)
            self._links.append(await Transmitter.connect("127.0.0.1", self._gateway.gb_port, address))
        for number, link in enumerate(self._links):
            await link.normal([home.part for home in self._homes if home.device == number])
        self._drains = [asyncio.create_task(link.replies(1 << 40)) for link in self._links]
        self._phone = CompanionApp(hass, "Zhang", self.folder)
        await self._phone.register()
        await self._phone.connect()
        entry_id = await hass.add_gateway(self._gateway.api_port, self._gateway.pairing_code)
        await hass.add_staff(entry_id, "张三 Zhang San", [await self._phone.device_id()])

    async def restarted(self) -> None:
        """The phone finds its way back."""
        if self._phone:
            await self._phone.disconnect()
            await self._phone.connect()

    def way(self, number: int) -> Way:
        """The transmission device's link."""
        return self._links[self._homes[number].device].send_raw

    def alarm(self, number: int, *, on: bool) -> bytes:
        """A frame with one component."""
        home = self._homes[number]
        link = self._links[home.device]
        status = ComponentStatus.FIRE if on else ComponentStatus.NORMAL
        return link.frame(units.encode((link.component(home.part, status, None),))).encode()

    def report(self, number: int) -> bytes:
        """A frame that says: normal."""
        return self.alarm(number, on=False)

    async def settle(self, hass: HomeAssistant) -> None:
        """Close every incident, so that the next alarm opens a new one."""
        for state in await hass.get("/api/states"):
            for incident in state["attributes"].get("incidents") or ():
                data = {"incident_id": incident["id"], "cause": "drill"}
                await hass.post("/api/services/community_help/close", data)

    async def close(self) -> None:
        """End the phone, the links and the gateway."""
        if self._phone:
            await self._phone.disconnect()
        for task in self._drains:
            task.cancel()
        for link in self._links:
            await link.close()
        await self._gateway.stop()


class Bare(Subject):
    """The floor: a component that only owns the entities, and takes lines over TCP."""

    name = "floor"

    def prepare(self, hass: HomeAssistant) -> None:
        """Put the component into the configuration folder."""
        shutil.copytree(ROOT / "benchmarks/bare_component", hass.folder / "custom_components/benchmark_bare")

    async def add(self, hass: HomeAssistant) -> None:
        """Listen, and add the component."""
        self._writers: list[asyncio.StreamWriter] = []
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        form = {"port": port, "alarms": self.town.alarms}
        result = await hass.flow("/api/config/config_entries/flow", "benchmark_bare", form)
        if result["type"] != "create_entry":
            raise RuntimeError(result)

    async def _connected(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say once how everything is."""
        self._writers.append(writer)
        writer.write(b"".join(self.report(number) for number in range(self.town.alarms)))

    def way(self, number: int) -> Way:
        """The one connection."""
        return self._writers[-1].write

    def alarm(self, number: int, *, on: bool) -> bytes:
        """One line."""
        return b"%d smoke %d\n" % (number, on)

    def report(self, number: int) -> bytes:
        """One line for each entity."""
        return b"%d smoke 0\n%d problem 0\n" % (number, number)

    async def close(self) -> None:
        """End the server."""
        for writer in self._writers:
            writer.close()
        self._server.close()


BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
set_tcp_nodelay true
"""
"""Nothing is dropped, whatever the storm, and nothing waits for Nagle."""


class Mqtt(Subject):
    """Home Assistant's ``mqtt`` and mosquitto: discovery, QoS 1, retained states, a topic for each entity."""

    name = "mqtt"
    libraries = str(PAHO)

    @staticmethod
    def missing() -> str:
        """What is not here, and how it is got; empty when all is."""
        if not _mosquitto():
            return "no mosquitto (on Debian: apt-get install mosquitto)"
        if not (PAHO / "paho").is_dir():
            return f"no paho-mqtt in {PAHO.relative_to(ROOT)} (benchmarks/README.md says how to put it there)"
        return ""

    async def add(self, hass: HomeAssistant) -> None:
        """Start the broker, add the integration, announce every entity and its state."""
        port, file = free_port(), self.folder / "mosquitto.conf"
        file.write_text(BROKER.format(port=port), "utf-8")
        self.process = Process("mosquitto", [_mosquitto(), "-c", str(file)], self.folder / "mosquitto.log")
        self.process.start()
        self._publisher = await _connected(port)
        other = {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"}
        form = {"broker": "127.0.0.1", "port": port, "protocol": "3.1.1", "other_settings": other}
        result = await hass.flow("/api/config/config_entries/flow", "mqtt", form)
        if result["type"] != "create_entry":
            raise RuntimeError(result)
        writer = self._publisher.writer
        for number in range(self.town.alarms):
            for kind in KINDS:
                writer.write(self._announcement(number, kind))
            writer.write(self.report(number))
            await writer.drain()

    def _announcement(self, number: int, kind: str) -> bytes:
        found = {
            "name": kind.title(),
            "unique_id": f"a{number}_{kind}",
            "device_class": kind,
            "state_topic": f"town/a{number}/{kind}",
            "qos": 1,
            "device": {
                "identifiers": [f"a{number}"],
                "name": f"Smoke alarm {number}",
                "manufacturer": "Benchmark",
                "model": "Alarm",
            },
        }
        topic = f"homeassistant/binary_sensor/a{number}_{kind}/config"
        return self._publisher.packet(topic, json.dumps(found).encode())

    def way(self, number: int) -> Way:
        """The one connection."""
        return self._publisher.writer.write

    def alarm(self, number: int, *, on: bool) -> bytes:
        """One message."""
        return self._publisher.packet(f"town/a{number}/smoke", b"ON" if on else b"OFF")

    def report(self, number: int) -> bytes:
        """One message for each entity."""
        return self.alarm(number, on=False) + self._publisher.packet(f"town/a{number}/problem", b"OFF")

    async def close(self) -> None:
        """End the broker."""
        await self._publisher.close()
        if self.process:
            await self.process.stop()


def _mosquitto() -> str:
    """Where the broker is; empty when it is not here."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


async def _connected(port: int) -> Publisher:
    """A connection to a broker that was just started."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(ConnectionError):
                return await Publisher.connect(port)
            await asyncio.sleep(0.05)
