"""The full community as it runs: Modbus field, transmission devices, gateway, Home Assistant, a phone, clients."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from community_help_gateway.codecs.gb26875 import units
from community_help_gateway.codecs.gb26875.status import ComponentStatus
from community_help_gateway.simulators.transmitter import Transmitter

from .community import SIZES, Home, address, homes
from .companion_app import CompanionApp
from .frontend import Browser, Client, Follower
from .home_assistant import HomeAssistant
from .processes import GATEWAY_PYTHON, GatewayProcess, Process
from .steps import alone

NOT_OURS = (
    "haffmpeg",
    "img_util",
    "radio_browser",
    "aiohttp_fast_zlib",
    "which has not been tested by Home Assistant",
    "is taking over 10 seconds",
    "reached no phone",
)
"""Integrations that every fresh Home Assistant sets up, and what they miss on a machine without their libraries; what
it says of every custom integration; and that a machine is busy: a hundred pages at once may take longer to be proven
than ten seconds, which is not what is tried here."""


class FullSize:
    """Everything that runs, in ``folder``."""

    FIRE, NORMAL = ComponentStatus.FIRE, ComponentStatus.NORMAL

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet."""
        self.site = folder / "site.yaml"
        command = [str(GATEWAY_PYTHON), "-m", "tests.e2e.community", str(self.site)]
        self.field = Process("field", command, folder / "field.log")
        self.gateway = GatewayProcess(folder, self.site)
        self.hass = HomeAssistant(folder)
        file = self.hass.folder / "configuration.yaml"
        file.write_text(file.read_text("utf-8").replace(": debug", ": warning"), "utf-8")
        self.phone = CompanionApp(self.hass, "Zhang", folder, confirming=False)  # pages are not what is tried here
        self.links: list[Transmitter] = []
        self.clients: list[Client] = []
        self._drains: list[asyncio.Task[Any]] = []
        self._log = folder / "home-assistant.log"
        self._read = 0

    async def start(self) -> None:
        """Start all but what is added in Home Assistant."""
        self.field.start()
        await self.field.wait_for(lambda: "modbus" in self.field.text(), 30, "its Modbus ports")
        self.gateway.start()
        starting = asyncio.create_task(self.hass.started())
        await self.gateway.ready()
        await self.report()
        await starting
        await alone(self.hass)
        await self.phone.register()
        await self.phone.connect()

    async def report(self) -> None:
        """Every transmission device connects; every smoke alarm says that it is normal."""
        await self.hang_up()
        for compound in range(len(SIZES)):
            self.links.append(await Transmitter.connect("127.0.0.1", self.gateway.gb_port, address(compound)))
        for compound, link in enumerate(self.links):
            await link.normal([home.part for home in homes() if home.compound == compound])
        self._drains = [asyncio.create_task(link.replies(1 << 40)) for link in self.links]

    async def hang_up(self) -> None:
        """The transmission devices end their links."""
        for task in self._drains:
            task.cancel()
        for link in self.links:
            await link.close()
        self.links.clear()

    async def add(self) -> str:
        """Add the gateway, and somebody to page; the config entry."""
        entry_id = await self.hass.add_gateway(self.gateway.api_port, self.gateway.pairing_code)
        await self.hass.add_staff(entry_id, "张三 Zhang San", [await self.phone.device_id()])
        return entry_id

    async def connect(self) -> None:
        """A browser and a follower, as soon as they are let in."""
        self.clients = list(await asyncio.gather(Browser.of(self.hass), Follower.of(self.hass)))

    async def disconnect(self) -> None:
        """Both go."""
        for client in self.clients:
            await client.close()
        self.clients.clear()

    async def restart(self) -> float:
        """Home Assistant, with both clients there before its start is complete; when it was."""
        await self.disconnect()
        await self.phone.disconnect()
        await self.hass.stop()
        self._read = 0  # it begins another log
        connecting = asyncio.create_task(self.connect())
        await self.hass.started()
        running = time.monotonic()
        await connecting
        await self.phone.connect()
        return running

    def say(self, status: ComponentStatus, some: Iterable[Home]) -> float:
        """Let many smoke alarms speak at once, each in a frame of its own; when that was."""
        load = [bytearray() for _ in self.links]
        for home in some:
            link = self.links[home.compound]
            load[home.compound] += link.frame(units.encode((link.component(home.part, status, None),))).encode()
        begun = time.monotonic()
        for link, data in zip(self.links, load, strict=True):
            link.send_raw(bytes(data))
        return begun

    def new_lines(self, *levels: str) -> list[str]:
        """What Home Assistant has logged at these levels since it was asked last, and that is no other's business."""
        lines = self._log.read_text("utf-8", "replace").splitlines() if self._log.exists() else []
        fresh, self._read = lines[self._read :], len(lines)
        return [line for line in fresh if any(f" {level} " in line for level in levels) and not _foreign(line)]

    async def stop(self) -> None:
        """End everything; nothing of it is needed any more."""
        for process in (self.hass, self.gateway, self.field):
            process.kill()
        await self.disconnect()
        await self.phone.disconnect()
        await self.hang_up()
        await self.hass.hang_up()


def _foreign(line: str) -> bool:
    return any(name in line for name in NOT_OURS)
