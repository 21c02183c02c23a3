"""A 9600-baud line of 30 boxes behind one Ethernet converter: how long a round of all alarm inputs takes.

``python -m benchmarks.line [SECONDS]`` in the gateway's environment. The gateway speaks Modbus TCP; the converter
speaks RTU to the line, one request after the other. It is emulated: it lets every byte of request and answer take 11
bits at 9600 baud, 3.5 characters of silence after each (Modbus over Serial Line V1.02, 2.5.1.1), and a box ten
milliseconds to answer (project's choice). That is the physics; a bare loop of requests to the same converter is the
floor. The physics of a round is that of all that was asked in it; relays that no device uses are not asked.
"""

import asyncio
import contextlib
import itertools
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.processes import GatewayProcess

BOXES, BAUD, BITS = 30, 9600, 11
SILENT_CHARACTERS, TURN_SECONDS = 3.5, 0.01
READ_INPUTS = 2
REST, SECONDS = 5.0, 40
"""Seconds before the measurement, and of it (project's choice)."""


def seconds(characters: float) -> float:
    """How long so many characters take on the line."""
    return characters * BITS / BAUD


@dataclass
class Served:
    """One request: when its answer was ready, the physics of it, what was asked."""

    at: float
    physics: float
    unit: int
    function: int


@dataclass
class Converter:
    """Modbus TCP on one side; on the other a line that is never faster than its baud rate."""

    served: list[Served] = field(default_factory=list)
    _free_at: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Its port."""
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        yield server.sockets[0].getsockname()[1]
        server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                transaction, _, size, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                request = await reader.readexactly(size - 1)
                (count,) = struct.unpack(">H", request[3:5])
                answer = bytes([request[0], -(-count // 8), *[0] * -(-count // 8)])
                async with self._turn:
                    await self._line(unit, request, answer)
                writer.write(struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer)
        writer.close()

    async def _line(self, unit: int, request: bytes, answer: bytes) -> None:
        """Unit id and checksum are three more bytes of each frame."""
        characters = len(request) + len(answer) + 2 * 3 + 2 * SILENT_CHARACTERS
        physics = seconds(characters) + TURN_SECONDS
        self._free_at = max(self._free_at, time.perf_counter()) + physics
        await asyncio.sleep(max(0.0, self._free_at - time.perf_counter()))
        self.served.append(Served(self._free_at, physics, unit, request[0]))


@dataclass(frozen=True)
class Round:
    """How long it took until the first box's inputs were read again, and the physics of what was asked meanwhile."""

    took: float
    physics: float
    requests: int


def rounds(served: list[Served]) -> list[Round]:
    """Between one reading of the first box's inputs and the next."""
    marks = [index for index, one in enumerate(served) if one.unit == 1 and one.function == READ_INPUTS]
    return [
        Round(served[end].at - served[begin].at, sum(one.physics for one in served[begin + 1 : end + 1]), end - begin)
        for begin, end in itertools.pairwise(marks)
    ]


def site(port: int) -> str:
    """30 boxes on one line, a detector at each input."""
    lines = ["version: 1", "compounds:", "  - { id: c, name: 小区 }", "modbus:"]
    for unit in range(1, BOXES + 1):
        where = f"host: 127.0.0.1, port: {port}, unit: {unit}"
        lines += [f"  - {{ id: b{unit}, {where}, profile: waveshare_io_8ch }}"]
    lines += ["devices:"]
    for unit in range(1, BOXES + 1):
        for number in range(1, 9):
            what = f"name: 探测器, kind: smoke_alarm, compound: c, building: {unit}"
            lines += [f"  - {{ id: a{unit}-{number}, {what}, at: {{ modbus: b{unit}, input: {number} }} }}"]
    return "\n".join(lines)


async def ours(folder: Path, measured: float) -> list[Round]:
    """The gateway process."""
    converter = Converter()
    async with converter.listening() as port:
        file = folder / "site.yaml"
        await asyncio.to_thread(file.write_text, site(port), "utf-8")
        gateway = GatewayProcess(folder, file)
        gateway.start()
        try:
            await gateway.ready()
            await asyncio.sleep(REST)
            converter.served.clear()
            await asyncio.sleep(measured)
            return rounds(converter.served)
        finally:
            await gateway.stop()


async def floor(measured: float) -> list[Round]:
    """The inputs of all boxes, one request after the other, and nothing else."""
    converter = Converter()
    async with converter.listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        ends = time.perf_counter() + measured
        while time.perf_counter() < ends:
            for unit in range(1, BOXES + 1):
                writer.write(struct.pack(">HHHBBHH", 1, 0, 6, unit, READ_INPUTS, 0, 8))
                await reader.readexactly(10)
        writer.close()
        return rounds(converter.served)


def text(name: str, found: list[Round]) -> str:
    """One line."""
    took = statistics.median(one.took for one in found)
    ratio = statistics.median(one.took / one.physics for one in found)
    asked = statistics.median(one.requests for one in found)
    longest = max(one.took for one in found)
    return f"{name}: round {took:.3f} s (longest {longest:.3f} s), {asked:.0f} requests, {ratio:.3f} x physics\n"


async def main(measured: float) -> None:
    """The floor, then the gateway."""
    sys.stdout.write(text("floor", await floor(measured)))
    with tempfile.TemporaryDirectory() as name:
        sys.stdout.write(text("ours", await ours(Path(name), measured)))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
