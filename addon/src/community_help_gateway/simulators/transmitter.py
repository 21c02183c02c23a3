"""A user information transmission device (用户信息传输装置) as GB/T 26875.3-2011 has it: a TCP client with resends.

python -m community_help_gateway.simulators.transmitter HOST PORT fire --zone 1 --position 201
"""

import argparse
import asyncio
import contextlib
import time
from dataclasses import dataclass

from ..codecs.gb26875 import Command, Decoder, Frame, time_label, units
from ..codecs.gb26875.status import ComponentStatus, Operation

REPLY_SECONDS = 10.0
RESENDS = 3
"""Time to wait for a reply and number of resends: GB/T 26875.3-2011, 6.5.4 and 6.5.5."""

CENTRE = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One component: its address, type and description."""

    zone: int
    position: int
    kind: int = 42
    description: str = ""
    system: int = 1
    system_address: int = 1

    @property
    def raw(self) -> bytes:
        """The four address bytes."""
        return self.zone.to_bytes(2, "little") + self.position.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How real devices differ."""

    bcd: bool = False
    zero_source: bool = False
    main_version: int = 1
    heartbeat: bytes = b""


class NoReplyError(Exception):
    """The centre answered none of the resends."""


class Transmitter:
    """One connected device."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        address: int,
        dialect: Dialect,
        reply_seconds: float,
    ) -> None:
        """Use ``connect``."""
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder()
        self._address = address
        self._dialect = dialect
        self._reply_seconds = reply_seconds
        self._serial = 0

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        address: int,
        dialect: Dialect | None = None,
        reply_seconds: float = REPLY_SECONDS,
        local: str = "",
    ) -> Transmitter:
        """Open the link; ``local`` is the IP address to come from."""
        reader, writer = await asyncio.open_connection(host, port, local_addr=(local, 0) if local else None)
        return cls(reader, writer, address, dialect or Dialect(), reply_seconds)

    async def close(self) -> None:
        """End the link."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def fire(self, part: Part, *, at: float | None = None) -> Frame:
        """A fire alarm with the test bit as real devices send it; returns the centre's reply."""
        return await self.status(part, ComponentStatus.FIRE, at=at)

    async def restore(self, part: Part, *, at: float | None = None) -> Frame:
        """Normal operation, nothing else."""
        return await self.status(part, ComponentStatus.NORMAL, at=at)

    async def fault(self, part: Part, *, at: float | None = None) -> Frame:
        """A fault."""
        return await self.status(part, ComponentStatus.NORMAL | ComponentStatus.FAULT, at=at)

    async def status(self, part: Part, status: ComponentStatus, *, at: float | None = None) -> Frame:
        """Any component status."""
        return await self.exchange(self.frame(units.encode((self.component(part, status, at),))))

    async def normal(self, parts: list[Part]) -> None:
        """Report many components as normal, 20 to a frame, as a device does when it starts."""
        for start in range(0, len(parts), 20):
            some = tuple(self.component(part, ComponentStatus.NORMAL, None) for part in parts[start : start + 20])
            await self.exchange(self.frame(units.encode(some)))

    async def reset(self, system: int = 1, system_address: int = 1) -> Frame:
        """Somebody reset the fire system."""
        label = self._label(None)
        operation = units.FacilityOperation(system, system_address, Operation.RESET, 1, label)
        return await self.exchange(self.frame(units.encode((operation,))))

    async def heartbeat(self) -> Frame:
        """The dialect's heartbeat."""
        return await self.exchange(self.frame(self._dialect.heartbeat))

    async def idle(self, seconds: float) -> None:
        """Wait; a link that the centre closes meanwhile is noticed at once: raises ConnectionError."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._receive()

    def component(self, part: Part, status: ComponentStatus, at: float | None) -> units.Component:
        """The object of one component."""
        return units.Component(
            part.system, part.system_address, part.kind, part.raw, status, part.description, self._label(at)
        )

    def frame(self, data: bytes) -> Frame:
        """A new frame with the next serial number."""
        self._serial = (self._serial + 1) & 0xFFFF
        source = 0 if self._dialect.zero_source else self._address
        return Frame(self._serial, Command.SEND, source, CENTRE, data, self._label(None), self._dialect.main_version)

    async def exchange(self, frame: Frame) -> Frame:
        """Send, wait for the reply, send again under the same serial; raises NoReplyError."""
        for _attempt in range(1 + RESENDS):
            self.send(frame)
            try:
                async with asyncio.timeout(self._reply_seconds):
                    return await self._reply_to(frame)
            except TimeoutError:
                continue
        raise NoReplyError

    def send(self, frame: Frame) -> None:
        """Send without waiting."""
        self._writer.write(frame.encode())

    def send_raw(self, data: bytes) -> None:
        """Send any bytes."""
        self._writer.write(data)

    async def replies(self, count: int) -> list[Frame]:
        """Wait for ``count`` frames from the centre."""
        found: list[Frame] = []
        while len(found) < count:
            found += await self._receive()
        return found

    async def _reply_to(self, frame: Frame) -> Frame:
        while True:
            for answer in await self._receive():
                if answer.serial == frame.serial:
                    return answer

    async def _receive(self) -> list[Frame]:
        data = await self._reader.read(4096)
        if not data:
            message = "the centre closed the link"
            raise ConnectionError(message)
        return [event for event in self._decoder.feed(data) if isinstance(event, Frame)]

    def _label(self, at: float | None) -> bytes:
        return time_label.encode(time.time() if at is None else at, bcd=self._dialect.bcd)


def main() -> None:
    """Send one fire, fault, restore, reset or heartbeat and say what came back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("what", choices=["fire", "fault", "restore", "reset", "heartbeat"])
    parser.add_argument("--address", type=int, default=4097, help="the device's source address")
    parser.add_argument("--zone", type=int, default=1)
    parser.add_argument("--position", type=int, default=101)
    parser.add_argument("--component", type=int, default=42)
    asyncio.run(_send(parser.parse_args()))


async def _send(given: argparse.Namespace) -> None:
    device = await Transmitter.connect(given.host, given.port, given.address)
    part = Part(given.zone, given.position, given.component)
    started = time.monotonic()
    if given.what in ("reset", "heartbeat"):
        answer = await (device.reset() if given.what == "reset" else device.heartbeat())
    else:
        answer = await getattr(device, given.what)(part)
    took = (time.monotonic() - started) * 1000
    print(f"{Command(answer.command).name} after {took:.1f} ms")
    await device.close()


if __name__ == "__main__":
    main()
