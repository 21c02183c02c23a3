"""The least that keeps an alarm before it is told: takes frames, commits each, then fires an event in Home Assistant.

``python -m benchmarks.bare_journal PORT FILE URL EVENT``, with an access token on standard input; says ``ready``.
It judges nothing, and what it tells is a number that counts the frames.
"""

import asyncio
import itertools
import sqlite3
import sys
from pathlib import Path

import aiohttp

from benchmarks import floors

FIRST = 1_000_000
"""The number of the first frame, above all that the floor without a journal fires itself."""


class Field(floors.Echo):
    """One connection of a transmission device."""

    def __init__(self, connection: sqlite3.Connection, numbers: itertools.count[int], tell: asyncio.Queue[int]) -> None:
        """Nothing came."""
        super().__init__()
        self._connection, self._numbers, self._tell = connection, numbers, tell

    def keep(self) -> None:
        """Commit, and tell."""
        floors.commit(self._connection, 1)
        self._tell.put_nowait(next(self._numbers))


async def run(port: int, file: Path, url: str, event: str, token: str) -> None:
    """Until killed."""
    numbers: asyncio.Queue[int] = asyncio.Queue()
    count = itertools.count(FIRST)
    with floors.opened(file) as connection:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/api/websocket") as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.receive_json()
            loop = asyncio.get_running_loop()
            await loop.create_server(lambda: Field(connection, count, numbers), "127.0.0.1", port)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            for command in itertools.count(1):
                data = {"number": await numbers.get()}
                await socket.send_json({"id": command, "type": "fire_event", "event_type": event, "event_data": data})


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(run(int(given[0]), Path(given[1]), given[2], given[3], sys.stdin.readline().strip()))
