"""The least that the same work costs: the frames over TCP without a gateway, the rows in SQLite without one."""

import asyncio
import contextlib
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from community_help_gateway.codecs import gb26875
from community_help_gateway.codecs.gb26875 import Decoder, Frame

ROW = "x" * 1000
"""About what an entry with its records holds."""


class Echo(asyncio.Protocol):
    """Takes frames apart as the gateway does, and confirms each without looking into it."""

    def __init__(self) -> None:
        """One connection."""
        self._decoder = Decoder()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Confirm what is complete."""
        for event in self._decoder.feed(data):
            if isinstance(event, Frame) and self._transport:
                self.keep()
                self._transport.write(gb26875.confirm(event, event.time).encode())

    def keep(self) -> None:
        """What is done before a frame is confirmed: nothing."""


async def serve(port: int) -> None:
    """Confirm until killed."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


def commits(file: Path, rows: int, group: int) -> float:
    """Rows a second in WAL mode with ``synchronous=FULL``, so many in a commit."""
    with opened(file) as connection:
        begun = time.perf_counter()
        for _ in range(rows // group):
            commit(connection, group)
        return rows / (time.perf_counter() - begun)


def commit_at_idle(file: Path, count: int = 50, pause: float = 0.1) -> float:
    """The median of commits with a pause before each, in seconds: at idle caches are cold and the disk sleeps."""
    took = []
    with opened(file) as connection:
        for _ in range(count):
            time.sleep(pause)
            begun = time.perf_counter()
            commit(connection, 1)
            took.append(time.perf_counter() - begun)
    return statistics.median(took)


@contextlib.contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A journal that survives a power cut, and nothing else."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, body TEXT)")
        yield connection


def commit(connection: sqlite3.Connection, rows: int) -> None:
    """So many rows in one commit."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO entry (body) VALUES (?)", [(ROW,)] * rows)
    connection.execute("COMMIT")


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
