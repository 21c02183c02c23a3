"""The least that publishes over MQTT 3.1.1 with QoS 1: connect, publish, count what the broker confirmed."""

import asyncio
import itertools

CONNECT = b"\x10\x17\x00\x04MQTT\x04\x02\x00\x00\x00\x0bbenchmark-1"
"""MQTT 3.1.1, 3.1: clean session, no keep-alive, a client id of eleven bytes."""

RETAINED, QOS_1, PUBLISH, PUBACK = 0x01, 0x02, 0x30, 0x40
"""MQTT 3.1.1, 3.3.1 and 3.4."""


def _length(size: int) -> bytes:
    """The remaining length (MQTT 3.1.1, 2.2.3): seven bits a byte."""
    found = bytearray()
    while True:
        size, digit = divmod(size, 128)
        found.append(digit | (128 if size else 0))
        if not size:
            return bytes(found)


class Publisher:
    """One connection to the broker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use ``connect``."""
        self.writer = writer
        self._reader = reader
        self._numbers = itertools.cycle(range(1, 65536))
        self.confirmed = 0
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, port: int) -> Publisher:
        """Connect, and wait until the broker has taken it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(CONNECT)
        answer = await reader.readexactly(4)
        if answer[3]:
            message = f"the broker refuses: {answer[3]}"
            raise ConnectionError(message)
        return cls(reader, writer)

    def packet(self, topic: str, payload: bytes) -> bytes:
        """One retained message."""
        name = topic.encode()
        number = next(self._numbers).to_bytes(2, "big")
        body = len(name).to_bytes(2, "big") + name + number + payload
        return bytes([PUBLISH | RETAINED | QOS_1]) + _length(len(body)) + body

    async def close(self) -> None:
        """End the connection."""
        self._task.cancel()
        self.writer.close()

    async def _read(self) -> None:
        while True:
            kind, size = await self._reader.readexactly(2)
            await self._reader.readexactly(size)
            self.confirmed += kind == PUBACK
