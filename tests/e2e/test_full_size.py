"""The full community in a real Home Assistant: the entity budget, detail levels, and clients that nothing cuts off.

8 compounds, 3,276 smoke alarms, 300 other sensors and the station. The tests are one story, told in order.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.community import SIZES, homes
from tests.e2e.frontend import CUT_OFF
from tests.e2e.full_size import FullSize

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

BUDGET = 10_000
"""Home Assistant's guards: enabled entities of a config entry, and registered ones of an instance (``core.py``)."""

SMOKE_ALARMS = sum(SIZES)
SMALL, LARGE = len(SIZES) - 1, 0
DETAILS = 8
"""What a smoke alarm has beyond smoke and problem at the level "full"."""

AWAY_SECONDS = 3.5


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FullSize]:
    """Everything runs and two clients are connected; Home Assistant knows nothing of the gateway yet."""
    town = FullSize(tmp_path_factory.mktemp("full_size"))
    try:
        await town.start()
        await town.connect()
        yield town
    finally:
        await town.stop()


@dataclass(frozen=True)
class Registered:
    """What Home Assistant has of the integration: entities by unique id, devices by identifier."""

    entities: dict[str, tuple[str, str, str]]
    devices: dict[str, str]


async def registered(town: FullSize) -> Registered:
    """What is registered; all of it is where it belongs, and has a state or is disabled."""
    browser = town.clients[0]
    found = await browser.call("config/entity_registry/list")
    ours = [item for item in found if item["platform"] == "community_help"]
    devices = {
        item["identifiers"][0][1]: item["id"]
        for item in await browser.call("config/device_registry/list")
        if item["identifiers"] and item["identifiers"][0][0] == "community_help"
    }
    assert len(found) < BUDGET
    states: dict[str, Any] = {item["entity_id"]: item for item in await browser.call("get_states")}
    assert {item["entity_id"] for item in ours if not item["disabled_by"]} <= states.keys()
    assert not [name for name, item in states.items() if item["attributes"].get("restored")]
    assert {item["device_id"] for item in ours} == set(devices.values())
    for client in town.clients:
        await client.until(lambda seen: seen.keys() == states.keys(), "the same entities as Home Assistant has")
    entities = {item["unique_id"]: (item["entity_id"], item["id"], item["device_id"]) for item in ours}
    return Registered(entities, devices)


async def complete(town: FullSize) -> None:
    """Wait until every device has its entities: on a slow machine the last ones come after the set-up."""
    browser, deadline = town.clients[0], time.monotonic() + 180
    while True:
        devices = await browser.call("config/device_registry/list")
        entities = await browser.call("config/entity_registry/list")
        if {item["id"] for item in devices} <= {item["device_id"] for item in entities}:
            return
        assert time.monotonic() < deadline, f"{len(entities)} entities of {len(devices)} devices"
        await asyncio.sleep(1)


async def nobody_was_cut_off(town: FullSize) -> None:
    """Every client is there and answered, nothing went wrong in the log."""
    assert [await client.alive() for client in town.clients] == [True, True]
    assert town.new_lines("ERROR", "CRITICAL") == []
    assert not [line for line in town.new_lines("WARNING") if any(words in line for words in CUT_OFF)]


def unavailable(states: dict[str, str]) -> int:
    """How many entities are."""
    return sum(state == "unavailable" for state in states.values())


def smoke(states: dict[str, str], wanted: str) -> int:
    """How many smoke alarms are in a state."""
    return sum(state == wanted for name, state in states.items() if name.endswith("_smoke"))


async def everything_is_back(town: FullSize) -> None:
    """The field is heard again, and every client sees it."""
    await town.report()
    for client in town.clients:
        await client.until(lambda states: unavailable(states) == 0, "return of everything")


async def test_the_full_community_stays_within_the_budget(town: FullSize) -> None:
    """Added in front of open clients: below 10,000 entities, all of them available, no error in the log."""
    await town.add()
    await complete(town)
    for client in town.clients:
        await client.until(lambda states: smoke(states, "off") == SMOKE_ALARMS, "every smoke alarm")
        await client.until(lambda states: unavailable(states) == 0, "everything")
    found = await registered(town)
    print(f"{len(found.entities)} entities of {len(found.devices)} devices")
    assert 2 * SMOKE_ALARMS + 2 * 300 < len(found.entities) < BUDGET * 0.9
    assert not [item for item in await town.hass.issues() if "entity_budget" in item["issue_id"]]
    await nobody_was_cut_off(town)


async def test_a_storm_cuts_nobody_off(town: FullSize) -> None:
    """All 3,276 alarm at once and are restored at once, through the sockets; every client sees all of it."""
    for status, state in ((town.FIRE, "on"), (town.NORMAL, "off")):
        begun = town.say(status, homes())
        for client in town.clients:
            await client.until(lambda states, state=state: smoke(states, state) == SMOKE_ALARMS, f"storm of {state}")
        print(f"{state}: every client had seen it after {time.monotonic() - begun:.1f} s")
    await nobody_was_cut_off(town)


async def test_a_gateway_that_is_killed_and_comes_back_cuts_nobody_off(town: FullSize) -> None:
    """Thousands become unavailable and come back as they were, in front of open clients."""
    before = await registered(town)
    town.gateway.kill()
    town.gateway.start()
    for client in town.clients:
        await client.until(lambda states: unavailable(states) > 2 * SMOKE_ALARMS, "loss")
    await town.gateway.ready(60)
    await everything_is_back(town)
    assert await registered(town) == before
    await nobody_was_cut_off(town)


async def test_a_link_that_is_away_for_a_while_cuts_nobody_off(town: FullSize) -> None:
    """The gateway is stopped, everything is seen as unavailable, and it returns; nobody has an old value meanwhile."""
    await town.gateway.stop()
    for client in town.clients:
        await client.until(lambda states: smoke(states, "unavailable") == SMOKE_ALARMS, "loss of every smoke alarm")
    await asyncio.sleep(AWAY_SECONDS)
    assert [smoke(client.states, "off") for client in town.clients] == [0, 0]
    town.gateway.start()
    await town.gateway.ready(60)
    await everything_is_back(town)
    await nobody_was_cut_off(town)


async def choose(town: FullSize, compound: int, level: str) -> Registered:
    """Choose how detailed a compound is shown, as on its device's page; what is registered then."""
    entities = await town.clients[0].call("config/entity_registry/list")
    (select,) = [item["entity_id"] for item in entities if item["unique_id"].endswith(f"_c{compound}_detail")]
    data = {"entity_id": select, "option": level}
    await town.clients[0].call("call_service", domain="select", service="select_option", service_data=data)
    return await registered(town)


async def test_a_detail_level_leaves_nothing_behind(town: FullSize) -> None:
    """Compact, full, compact, building, compact: exactly the entities of each level, in the end with the same ids."""
    before = await registered(town)
    full = await choose(town, SMALL, "full")
    assert full.devices == before.devices
    assert before.entities.items() <= full.entities.items()
    assert len(full.entities) == len(before.entities) + DETAILS * SIZES[SMALL]
    assert await choose(town, SMALL, "compact") == before
    building = await choose(town, LARGE, "building")
    buildings = -(-SIZES[LARGE] // 24)
    assert len(building.entities) == len(before.entities) - 2 * SIZES[LARGE] + 2 * buildings
    assert len(building.devices) == len(before.devices) - SIZES[LARGE] + buildings
    assert await choose(town, LARGE, "compact") == before
    await nobody_was_cut_off(town)


async def test_home_assistant_starts_at_full_size_before_open_clients(town: FullSize) -> None:
    """Who connects while it starts is not cut off; there is no error, and every id is the same."""
    before = await registered(town)
    running = await town.restart()
    assert all(client.connected_at < running for client in town.clients)
    await complete(town)
    for client in town.clients:
        await client.until(lambda states: smoke(states, "off") == SMOKE_ALARMS, "every smoke alarm")
        await client.until(lambda states: unavailable(states) == 0, "everything")
    assert await registered(town) == before
    await nobody_was_cut_off(town)
