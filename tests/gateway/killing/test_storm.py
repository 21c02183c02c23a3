"""3,276 smoke alarms of 8 compounds at once: folded, explained, paged, on the disk, whatever kills the gateway."""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from community_help_gateway import crash
from tests.gateway.killing.phases import HUB, JOURNAL, WIRE
from tests.gateway.killing.storm import TOWN, Storm, TownGateway, Watch, follow, judged, syncs
from tests.gateway.powercut.told import Confirmation, Message, told
from tests.gateway.powercut.trace import Record, compiled, read, recording

SEED = int(os.environ.get("KILL_SEED", "3276"))
STORMS = int(os.environ.get("KILL_STORMS", "1"))
"""So many storms are cut short by a kill, each at another point (project's choice; ``scripts/kill-matrix``: 10)."""


def kills() -> list[tuple[str, int]]:
    """Where the storms are cut short: behind what a start does, before all alarms are in."""
    dice = random.Random(SEED)
    points = dice.sample(sorted(HUB | JOURNAL | WIRE), STORMS)
    return [(point, dice.randint(200, 3000) if point in HUB else dice.randint(4, 12)) for point in points]


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("point", "count"), kills())
async def test_a_storm_outlives_a_kill(tmp_path: Path, point: str, count: int) -> None:
    """Devices send again what was not confirmed; in the end each alarm is in one incident, one incident a building.

    How many commits a storm needs is the disk's affair: where it was over before the kill, an earlier one is tried.
    """
    for earlier in range(4):
        data = tmp_path / f"data-{earlier}"
        data.mkdir()
        if await cut_short(data, f"{point}:{max(count >> earlier, 3)}"):
            return
    pytest.fail("the kill always came too late")


async def cut_short(data: Path, kill: str) -> bool:
    """One storm with a kill in it, judged; whether the kill came before all alarms were in."""
    gateway = TownGateway(data, {crash.VARIABLE: kill})
    storm, watch = Storm(gateway.gb), Watch()
    async with gateway.running() as child:
        client = asyncio.create_task(follow(gateway, storm.ledger, watch))
        raging = asyncio.create_task(storm.rage())
        assert await asyncio.to_thread(child.wait, 60) == -signal.SIGKILL
        await asyncio.gather(client, return_exceptions=True)
    in_time = not raging.done()
    gateway._environment.pop(crash.VARIABLE)
    async with gateway.running():
        await raging
    assert bool(storm.lost_links) is in_time
    assert await judged(data, storm.ledger) == []
    return in_time


@pytest.mark.timeout(240)
async def test_a_storm_is_folded_and_costs_few_syncs(tmp_path: Path) -> None:
    """One incident a building, each fold explained; a page goes out before all is in; a sync serves ten alarms."""
    data, trace = tmp_path / "data", tmp_path / "trace"
    data.mkdir()
    gateway = TownGateway(data, recording(compiled(tmp_path), trace, data, 0))
    storm, watch = Storm(gateway.gb), Watch()
    async with gateway.running():
        client = asyncio.create_task(follow(gateway, storm.ledger, watch))
        await watch.ready.wait()
        await storm.rage()
        await watch.paged
    await client
    assert not storm.lost_links
    assert await judged(data, storm.ledger) == []
    records = read(trace)
    assert syncs(records) <= TOWN.alarms / 10
    assert first_page(records) < last_confirmation(records)


def first_page(records: list[Record]) -> int:
    """The record that sent the first page."""
    return next(item.at for item in told(records) if isinstance(item, Message) and item.body.get("pages"))


def last_confirmation(records: list[Record]) -> int:
    """The record that sent the last confirmation to a device."""
    return max(item.at for item in told(records) if isinstance(item, Confirmation))
