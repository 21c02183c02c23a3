"""The composition root: settings in, one running gateway out.

Exit codes: 0 stopped, 2 wrong option, 3 wrong site file, 4 journal, 5 port in use, 70 anything unexpected.
SIGHUP reads the site file again; a wrong one leaves the previous one in use.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version

from zeroconf import NonUniqueNameException

from . import durable, options as settings, site as site_file
from .adapters.gb26875_server import Gb26875Server
from .adapters.mdns import Announcement
from .adapters.modbus_bus import ModbusBus
from .adapters.outgoing import HeartbeatSender, Outgoing
from .adapters.port import Adapter
from .api.auth import Pairing, load_token
from .api.routes import Api
from .contract.messages import MIN_SUPPORTED, VERSION, GatewayInfo
from .errors import GatewayError, JournalError
from .fallback import Fallback
from .hub import Hub, SystemClock
from .journal.store import Journal
from .keeper import Keeper
from .options import Options
from .site import SiteFile
from .supervisor import DiscoveryError, announce

_LOGGER = logging.getLogger(__name__)
SWITCH_SECONDS = 0.001
"""How long the loop may keep the journal's thread from the interpreter: in a storm Python's own 5 ms would add up
several times to the first page (project's choice)."""

YOUNG_OBJECTS = 20_000
"""So many new objects before Python looks for garbage among them. Its own 2,000 are made by a few alarms, which most of
them do not outlive (project's choice)."""


class Gateway:
    """Everything that runs; ``running`` is its whole life."""

    def __init__(self, options: Options) -> None:
        """Nothing is opened yet."""
        self._options = options
        self._stop = asyncio.Event()
        self._buses: ModbusBus | None = None
        self._ways_out: contextlib.AsyncExitStack | None = None
        self._reloads: list[asyncio.Task[None]] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Hub]:
        """Open everything in order, close it in the opposite one; raises GatewayError."""
        options = self._options
        found = site_file.load(options.site)
        journal = Journal.open(options.data / "journal.sqlite")
        hub = Hub(journal, found.site)
        _settle()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(hub.close)
            info = GatewayInfo(_identity(options), options.name, version("community-help-gateway"))
            token = load_token(options.data / "token")
            api = Api(hub, info, token, Pairing(SystemClock.monotonic, _show_code) if options.pairing else None)
            await api.start(options.host, options.api_port)
            stack.push_async_callback(api.stop)
            await self._start(stack, Gb26875Server(hub, options.host, options.gb26875_port, SystemClock()))
            self._buses = ModbusBus(hub, found.modbus, SystemClock())
            hub.switches["modbus"] = self._buses
            await self._start(stack, self._buses)
            stack.push_async_callback(self._close_ways_out)
            await self._open_ways_out(hub, found, info.id)
            await self._announce(stack, info, token)
            keeper = Keeper(hub)
            stack.push_async_callback(keeper.stop)
            hub.start()
            keeper.start()
            yield hub

    async def _open_ways_out(self, hub: Hub, found: SiteFile, gateway_id: str) -> None:
        """The gateway's own channels and its heartbeat, as the site file has them."""
        await self._close_ways_out()
        self._ways_out = contextlib.AsyncExitStack()
        fallback = Fallback(hub, Outgoing(found.channels, SystemClock()), found.sirens)
        await fallback.start()
        self._ways_out.push_async_callback(fallback.stop)
        if found.heartbeat:
            heart = HeartbeatSender(found.heartbeat, lambda: hub.health.content, SystemClock(), gateway_id=gateway_id)
            await heart.start()
            self._ways_out.push_async_callback(heart.stop)

    async def _close_ways_out(self) -> None:
        if self._ways_out:
            await self._ways_out.aclose()
            self._ways_out = None

    async def run(self) -> None:
        """Run until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        async with self.running() as hub:
            loop.add_signal_handler(signal.SIGHUP, lambda: self._reloads.append(loop.create_task(self._reload(hub))))
            _LOGGER.info("Running with %d devices", len(hub.site.devices))
            await self._stop.wait()

    @staticmethod
    async def _start(stack: contextlib.AsyncExitStack, adapter: Adapter) -> None:
        await adapter.start()
        stack.push_async_callback(adapter.stop)

    async def _announce(self, stack: contextlib.AsyncExitStack, info: GatewayInfo, token: str) -> None:
        options = self._options
        if options.supervisor:
            config: dict[str, str | int] = {
                "host": os.environ.get("HOSTNAME", "localhost"),
                "port": options.api_port,
                "token": token,
                "gateway_id": info.id,
                "name": info.name,
            }
            try:
                await announce("http://supervisor", os.environ.get("SUPERVISOR_TOKEN", ""), config)
            except DiscoveryError as error:
                _LOGGER.warning("%s", error)
        if options.zeroconf:
            properties = {"version": str(VERSION), "min_supported": str(MIN_SUPPORTED)}
            announcement = Announcement(info.id, info.name, options.api_port, properties)
            try:
                await announcement.start()
            except (NonUniqueNameException, OSError) as error:
                _LOGGER.warning("Cannot announce the gateway in the network: %s. Add it by its address", error)
                return
            stack.push_async_callback(announcement.stop)

    async def _reload(self, hub: Hub) -> None:
        """Use the site file as it is now, or keep the previous one and say why."""
        try:
            found = site_file.load(self._options.site)
        except GatewayError as error:
            _LOGGER.error("%s. The previous site file stays in use", error)
            return
        hub.replace_site(found.site)
        if self._buses:
            await self._buses.replace(found.modbus)
        await self._open_ways_out(hub, found, _identity(self._options))
        _settle()
        _LOGGER.info("The site file was read again: %d devices", len(found.site.devices))


def _settle() -> None:
    """What there is now stays: no collection looks through it again; in a storm each would stop all for 0.2 s."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _identity(options: Options) -> str:
    """The gateway's own stable id, made at the first start."""
    file = options.data / "gateway_id"
    found = durable.read(file)
    if not found:
        found = os.urandom(8).hex()
        durable.write(file, found)
    return found


def _show_code(code: str) -> None:
    """People read the code here; it is never logged."""
    print(f"Pairing code / 配对码: {code}", flush=True)  # noqa: T201 - the one thing this program shows on its terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway; the answer is the exit code."""
    try:
        options = settings.from_arguments(sys.argv[1:] if arguments is None else arguments)
    except GatewayError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before there is a log
        return error.exit_code
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        options.data.mkdir(parents=True, exist_ok=True)
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
        asyncio.run(Gateway(options).run())
    except GatewayError as error:
        _LOGGER.error("%s", error)
        return error.exit_code
    except OSError as error:
        failure = JournalError(file=str(options.data), problem=str(error))
        _LOGGER.error("%s", failure)
        return failure.exit_code
    return 0
