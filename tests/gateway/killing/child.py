"""The gateway's own process on a clock that stands still until it is told to move.

Everything is what ``community_help_gateway.app`` composes, with its sockets; only the clock is another. On the Unix
socket ``control`` beside the data folder it takes a line and answers one: ``pass SECONDS`` moves the clock and lets
fall due what is due then, ``retain NUMBER`` deletes every command and the entries below that number, ``count`` says
how often each crash point was reached.
"""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from community_help_gateway import crash
from tests.gateway.killing.clock import Polling, Standing

if TYPE_CHECKING:
    from community_help_gateway.app import Gateway
    from community_help_gateway.hub import Hub

COUNTING = "COUNT_CRASH_POINTS"
"""In the environment, the points are counted instead."""

_counts: Counter[str] = Counter()


def main(folder: Path, site: Path, wall: float, ports: tuple[int, int]) -> None:
    """Run until killed; the journal is in ``folder/data``."""
    if COUNTING in os.environ:
        crash.reach = lambda point: _counts.update([point])  # before the modules that take it over are imported
    from community_help_gateway import app, hub
    from community_help_gateway.adapters.modbus_bus import ModbusBus
    from community_help_gateway.options import Options

    clock = Standing(wall)
    app.ModbusBus = lambda inlet, units, _clock: ModbusBus(inlet, units, Polling(clock))
    hub.SystemClock.wall, hub.SystemClock.monotonic = staticmethod(clock.wall), staticmethod(clock.monotonic)
    options = Options(folder / "data", site, "127.0.0.1", *ports)
    options.data.mkdir(exist_ok=True)
    asyncio.run(_live(app.Gateway(options), folder / "control", clock))


async def _live(gateway: Gateway, control: Path, clock: Standing) -> None:
    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().split():
            writer.write(f"{await _obey(hub, clock, *line)}\n".encode())
            await writer.drain()
        writer.close()

    async with gateway.running() as hub, await asyncio.start_unix_server(obey, control):
        await asyncio.Event().wait()


async def _obey(hub: Hub, clock: Standing, word: str, number: str = "0") -> str:
    if word == "pass":
        clock.pass_(float(number))
        hub.fire_due()
        await hub.journal.submit((), ())
    elif word == "retain":
        return str(await hub.journal.retain(clock.wall() + 1, int(number)))
    return json.dumps(_counts)
