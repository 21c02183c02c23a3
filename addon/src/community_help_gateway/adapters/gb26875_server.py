"""The centre's side of GB/T 26875.3-2011 over TCP: transmission devices connect, their frames become observations.

A frame is confirmed only after the hub has it on the disk. De-duplication concerns replies alone: every frame,
also a resent one, is shown to the model, which knows an episode from a repetition.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from typing import Protocol

from .. import crash
from ..codecs import gb26875
from ..codecs.gb26875 import Command, Decoder, Frame, Reason, Refused, is_heartbeat, tables, time_label, units
from ..codecs.gb26875.status import (
    COMPONENT_FAULTS,
    SYSTEM_FAULTS,
    TRANSMITTER_FAULTS,
    ComponentStatus,
    Operation,
    SystemStatus,
    TransmitterStatus,
)
from ..errors import JournalError, PortInUseError
from ..model.observation import Address, Input, LinkState, Observation, Reset
from .port import Inlet
from .turns import Turns

_LOGGER = logging.getLogger(__name__)
LINK = "gb26875"
SILENT_SECONDS = 180.0
"""A device from which no frame came for so long is lost (a platform in the field uses 3 minutes)."""

MAX_CONNECTIONS = 2000
MAX_PER_PEER = 64
"""Connections of one IP address; a few devices may share one behind a router (project's choice)."""

MAX_REFUSALS = 64
"""Refused pieces on one connection before it is cut (project's choice); a good frame forgives one."""

MAX_IDENTITIES = 256
"""Devices that may speak on one connection; a concentrator forwards for a few (project's choice)."""

CLOCK_STEP_SECONDS = 60.0
"""A sender's clock is told again when it is off by so much more or less than told before (project's choice)."""

READ_BYTES = 2048
"""So much is taken in at once, some thirty frames: what is on the disk already is not held up by more
(project's choice)."""

WRITE_SECONDS = 10.0
"""The standard's own limit for a reply (6.5.4); a peer that takes none for so long is cut."""


class Clock(Protocol):
    """Wall time, epoch seconds."""

    def wall(self) -> float:
        """Now."""


@dataclass(slots=True, eq=False)
class _Connection:
    """One peer. ``identities`` are the devices that spoke on it; ``bcd`` is the learnt time dialect."""

    peer: str
    writer: asyncio.StreamWriter
    identities: dict[str, None]
    bcd: bool | None = None
    refused: int = 0
    told_offset: float | None = None


class Gb26875Server:
    """Listens for transmission devices."""

    def __init__(self, inlet: Inlet, host: str, port: int, clock: Clock) -> None:
        """Nothing is opened yet; ``port`` 0 lets the machine choose."""
        self._inlet = inlet
        self._host = host
        self._wanted_port = port
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._speakers: dict[str, set[_Connection]] = {}
        self._flooding = ""
        self._turns = Turns()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        if self._server is None:
            return 0
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen; raises PortInUseError."""
        try:
            self._server = await asyncio.start_server(self._accept, self._host, self._wanted_port, backlog=1024)
        except OSError as error:
            raise PortInUseError(
                host=self._host, port=self._wanted_port, problem=error.strerror or str(error)
            ) from error

    async def stop(self) -> None:
        """Close every link."""
        if self._server:
            self._server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        peer = str((writer.get_extra_info("peername") or ("unknown",))[0])
        same = sum(connection.peer == peer for connection in self._connections.values())
        if task is None or len(self._connections) >= MAX_CONNECTIONS or same >= MAX_PER_PEER:
            self._refuse_connection(peer, writer)
            return
        connection = _Connection(peer, writer, {})
        self._connections[task] = connection
        try:
            await self._serve(connection, reader)
        except (ConnectionError, TimeoutError) as error:
            _LOGGER.info("Connection from %s ended: %s", peer, error or "silent for too long")
        finally:
            del self._connections[task]
            writer.close()
            await self._gone(connection)

    def _refuse_connection(self, peer: str, writer: asyncio.StreamWriter) -> None:
        """Close at once; one log line while a peer keeps trying."""
        if peer != self._flooding:
            _LOGGER.warning("Refused connections from %s: too many", peer)
        self._flooding = peer
        writer.close()

    async def _serve(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                data = await reader.read(READ_BYTES)
            if not data:
                return
            await self._turns.take()
            frames = []
            for event in decoder.feed(data):
                if isinstance(event, Frame):
                    connection.refused = max(connection.refused - 1, 0)
                    frames.append(event)
                else:
                    await self._refuse(connection, event)
            if frames:
                await self._take(connection, frames)

    async def _refuse(self, connection: _Connection, refused: Refused) -> None:
        """Count, deny what could be denied on a known link, and cut off a peer that sends mostly rubbish."""
        connection.refused += 1
        if connection.refused == 1:
            _LOGGER.warning("Refused bytes from %s: %s", connection.peer, refused.reason)
        if connection.refused > MAX_REFUSALS:
            message = "too much that is no frame"
            raise ConnectionError(message)
        known = connection.identities and refused.reason in (Reason.CHECKSUM, Reason.COMMAND)
        if known and refused.frame:
            await self._write(connection, gb26875.deny(refused.frame, time_label.encode(self._clock.wall())))

    async def _take(self, connection: _Connection, frames: list[Frame]) -> None:
        """Good frames that came together: to the hub first, in one go, then a confirmation each."""
        now = self._clock.wall()
        inputs: list[Input] = []
        for frame in frames:
            identity = self._identify(connection, frame, inputs, now)
            if frame.command == Command.SEND and not is_heartbeat(frame):
                inputs += self._read(connection, identity, frame, now)
                inputs += self._clock_offset(connection, identity, frame, now)
        try:
            await self._inlet.observe(inputs)
        except JournalError:
            return  # not on the disk: no confirmation, the device sends it again
        crash.reach("gb26875.before_confirm")
        for frame in frames:
            if is_heartbeat(frame) or frame.command in (Command.SEND, Command.CONTROL):
                await self._write(connection, gb26875.confirm(frame, time_label.encode(self._clock.wall())))
        crash.reach("gb26875.after_confirm")

    @staticmethod
    def _signed(connection: _Connection, said: Input) -> Input:
        """With the peer that said it: two links may claim one identity (promise 8)."""
        match said:
            case Observation():
                return replace(said, source=connection.peer)
            case Reset():
                return replace(said, source=connection.peer)
            case LinkState():
                return said

    def _clock_offset(self, connection: _Connection, identity: str, frame: Frame, now: float) -> list[Input]:
        """How far the sender's clock is off, told when it came to differ by a minute from what was told last."""
        if not frame.time:
            return []
        reading = time_label.read(frame.time, now, bcd=connection.bcd)
        if reading.at is None:
            return []
        told, offset = connection.told_offset, reading.at - now
        if told is not None and abs(offset - told) < CLOCK_STEP_SECONDS:
            return []
        connection.told_offset = offset
        return [Observation(address=Address(LINK, identity, "system"), received_at=now, clock_offset=round(offset, 1))]

    def _identify(self, connection: _Connection, frame: Frame, inputs: list[Input], now: float) -> str:
        """Who speaks: the source address, or the peer's where a device sends none."""
        identity = str(frame.source) if frame.source else f"peer:{connection.peer}"
        if identity not in connection.identities and len(connection.identities) < MAX_IDENTITIES:
            self._speakers.setdefault(identity, set()).add(connection)
            connection.identities[identity] = None
            inputs.append(self._link_up(identity, now))
        return identity

    def _link_up(self, identity: str, now: float) -> LinkState:
        """A link that is there, with the number of other peers that claim to be the same device."""
        peers = {connection.peer for connection in self._speakers[identity]}
        return LinkState(LINK, identity, up=True, received_at=now, rivals=len(peers) - 1)

    async def _write(self, connection: _Connection, frame: Frame) -> None:
        connection.writer.write(frame.encode())
        async with asyncio.timeout(WRITE_SECONDS):
            await connection.writer.drain()

    async def _gone(self, connection: _Connection) -> None:
        """The link is lost for every device that speaks on no other; nothing is cleared."""
        now = self._clock.wall()
        for name in connection.identities:
            self._speakers[name].discard(connection)
        said: list[Input] = []
        for name in connection.identities:
            if self._speakers[name]:
                said.append(self._link_up(name, now))
            else:
                del self._speakers[name]
                said.append(LinkState(LINK, name, up=False, received_at=now))
        with contextlib.suppress(JournalError):
            await self._inlet.observe(said)

    def _read(self, connection: _Connection, identity: str, frame: Frame, now: float) -> list[Input]:
        unit = units.decode(frame.data)
        if unit is None:
            return []
        if not unit.complete:
            _LOGGER.warning(
                "A frame of %s has %d objects of type %d, %d could be read",
                connection.peer,
                unit.count,
                unit.type,
                len(unit.objects),
            )

        def at(label: bytes | None) -> float | None:
            if label is None:
                return None
            reading = time_label.read(label, now, bcd=connection.bcd)
            connection.bcd = connection.bcd if reading.bcd is None else reading.bcd
            return reading.at

        found = [said for item in unit.objects for said in interpret(item, identity, now, at)]
        return [self._signed(connection, said) for said in found]


def interpret(item: units.Object, device: str, now: float, at: Callable[[bytes | None], float | None]) -> list[Input]:
    """What one object says about points; nothing for what concerns none."""
    match item:
        case units.Component():
            address = Address(LINK, device, units.part(item.system, item.system_address, item.kind, item.raw))
            wider = Address(LINK, device, units.part(item.system, item.system_address, "*", item.raw))
            return [
                _observation(
                    address,
                    (wider,),
                    item.status,
                    ComponentStatus.FIRE,
                    COMPONENT_FAULTS,
                    now,
                    at(item.time),
                    item.description,
                )
            ]
        case units.System():
            address = Address(LINK, device, f"{item.system}.{item.address}")
            if item.status & SystemStatus.RESET and not item.status & SystemStatus.FIRE:
                return _reset(device, item.system, item.address, now, at(item.time))
            return [
                _observation(
                    address,
                    (Address(LINK, device, "system"),),
                    item.status & ~SystemStatus.MANUAL,
                    SystemStatus.FIRE,
                    SYSTEM_FAULTS,
                    now,
                    at(item.time),
                )
            ]
        case units.Analog() if item.quantity in tables.ANALOG:
            address = Address(LINK, device, units.part(item.system, item.system_address, item.kind, item.raw))
            wider = Address(LINK, device, units.part(item.system, item.system_address, "*", item.raw))
            value = round(item.value * tables.ANALOG[item.quantity].step, 2)
            return [Observation(address=address, also=(wider,), received_at=now, device_at=at(item.time), value=value)]
        case units.Transmitter():
            return [
                _observation(
                    Address(LINK, device, "system"),
                    (),
                    item.status,
                    TransmitterStatus.FIRE,
                    TRANSMITTER_FAULTS,
                    now,
                    at(item.time),
                )
            ]
        case units.FacilityOperation() if item.operation & Operation.RESET:
            return _reset(device, item.system, item.address, now, at(item.time))
        case units.FacilityOperation() | units.TransmitterOperation() if item.operation & Operation.MANUAL_ALARM:
            return [
                Observation(
                    address=Address(LINK, device, "system"),
                    received_at=now,
                    device_at=at(item.time),
                    alarm=True,
                    state="manual",
                )
            ]
        case _:
            return []


def _reset(device: str, system: int, system_address: int, now: float, device_at: float | None) -> list[Input]:
    """A reset ends the live alarms of the system's components and of the system itself."""
    own = Address(LINK, device, "system")
    return [
        Reset(Address(LINK, device, f"{system}.{system_address}."), now, device_at),
        Observation(address=own, received_at=now, device_at=device_at, alarm=False, test=False, state="normal"),
    ]


def _observation(
    address: Address,
    also: tuple[Address, ...],
    status: int,
    fire: int,
    faults: int,
    now: float,
    device_at: float | None,
    text: str = "",
) -> Observation:
    """Fire is an alarm whatever else is set; only a word without any other trouble is a restore."""
    troubles = status & ~1
    return Observation(
        address=address,
        also=also,
        received_at=now,
        device_at=device_at,
        text=text,
        alarm=True if status & fire else (None if troubles else False),
        fault=bool(status & faults) if troubles & ~fire or not troubles else None,
        test=not status & 1,
    )
