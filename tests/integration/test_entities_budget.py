"""The entity budget: a full community fits into Home Assistant, and who comes near the limit is warned before it."""

import logging
from collections.abc import Iterator

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_platform, entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help import budget
from custom_components.community_help.contract import values
from tests.integration.conftest import DEVICES, FakeGateway
from tests.integration.entity_world import choose, devices, registered, smoke_alarm, state, until

COMPOUNDS = 8
SMOKE_ALARMS, OF_THE_SMALLEST = 3276, 100
GAS_MODULES, LANES, APPLIANCES = 150, 150, 20
GASES = (values.PointKind.CH4, values.PointKind.H2S, values.PointKind.CO, values.PointKind.O2)


def community() -> tuple[values.Device, ...]:
    """The size to design for (design, section 7): with 300 whole sensors rather than 300 points, the worst reading."""
    kind, point = values.DeviceKind, values.PointKind

    def device(own_id: str, number: int, what: values.DeviceKind, *points: values.PointKind) -> values.Device:
        made = tuple(values.Point(f"{own_id}.{item.value}", item, writable=item is point.RELAY) for item in points)
        return values.Device(own_id, own_id, what, f"c{number % COMPOUNDS}", points=made)

    def flat(number: int) -> values.Device:
        compound = f"c{number % (COMPOUNDS - 1)}" if number >= OF_THE_SMALLEST else f"c{COMPOUNDS - 1}"
        return smoke_alarm(compound, f"{number // 9 % 12 + 1}号楼", f"{number // 96 + 1}{number % 96:02}", f"s{number}")

    flats = [flat(number) for number in range(SMOKE_ALARMS)]
    gas = [device(f"gas{number}", number, kind.GAS_DETECTOR, *GASES) for number in range(GAS_MODULES)]
    lanes = [device(f"lane{number}", number, kind.FIRE_LANE, point.LANE) for number in range(LANES)]
    relays = [device(f"relay{number}", number, kind.APPLIANCE, point.RELAY) for number in range(APPLIANCES)]
    panels = [device(f"panel{number}", number, kind.TRANSMITTER, point.SYSTEM) for number in range(COMPOUNDS)]
    return (*flats, *gas, *lanes, *relays, *panels)


@pytest.fixture
def quick(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Ten thousand entities without a stack trace for each task, and without a line for each registration."""
    hass.loop.set_debug(False)
    caplog.set_level(logging.WARNING)
    yield
    hass.loop.set_debug(True)


def warned(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """The repair, if it is shown."""
    return ir.async_get(hass).async_get_issue("community_help", f"entity_budget_{entry.entry_id}")


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("quick")
async def test_a_full_community_fits(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """At the defaults it stays below 9,000 registered entities, starts without an error, and a level leaves nothing."""
    gateway.compounds = tuple(values.Compound(f"c{number}", f"小区{number}") for number in range(COMPOUNDS))
    gateway.devices = community()
    gateway.states.clear()
    gateway.all_normal()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    before, places = registered(hass, entry), devices(hass, entry)
    of_devices = 2 * SMOKE_ALARMS + 8 * GAS_MODULES + 4 * LANES + 2 * APPLIANCES + 2 * COMPOUNDS
    assert len(before) == of_devices + 10 * COMPOUNDS + 4 == 8492
    assert len(before) < budget.WARN_AT < entity_platform.MAX_ENABLED_ENTITIES_PER_CONFIG_ENTRY
    assert not warned(hass, entry)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert not [item for item in hass.states.async_all() if item.state == "unavailable"]

    await choose(hass, "full", "c7")
    assert len(registered(hass, entry)) == len(before) + 8 * OF_THE_SMALLEST
    assert warned(hass, entry)
    await choose(hass, "building", "c7")
    assert len(registered(hass, entry)) == len(before) - 2 * OF_THE_SMALLEST + 2 * 12
    assert not warned(hass, entry)
    await choose(hass, "compact", "c7")
    assert registered(hass, entry) == before
    assert devices(hass, entry) == places
    assert not [item for item in hass.states.async_all() if item.attributes.get("restored")]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []

    await gateway.say(states=(values.PointState("s77.smoke", True, alarm=True),))
    await until(hass, "s77_smoke", "on")


async def test_who_comes_near_the_limit_is_warned(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the number, the compounds that need most, and the way out; it goes when there is room again."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    count = len(registered(hass, loaded))
    monkeypatch.setattr(budget, "WARN_AT", count + 1)
    await choose(hass, "compact")
    assert not warned(hass, loaded)
    await choose(hass, "full")
    found = warned(hass, loaded)
    assert found
    assert found.severity is ir.IssueSeverity.WARNING
    assert found.translation_placeholders
    assert found.translation_placeholders["count"] == str(count + 16)
    assert (
        found.translation_placeholders["compounds"] == f"- 清水湾: {count + 16 - 5}"
    )  # the gateway has four, and another part one
    await choose(hass, "building")
    assert not warned(hass, loaded)


async def test_what_home_assistant_refuses_is_counted_and_tried_again(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning is about what there is to show; when another compound needs less, nothing stays missing."""
    gateway.compounds = (*gateway.compounds, values.Compound("hill", "翠山"))
    gateway.devices = (*DEVICES, smoke_alarm("hill", "1号楼", "301", "g301"))
    gateway.all_normal()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    before = registered(hass, entry)
    limit = len(before) + 8
    monkeypatch.setattr(budget, "WARN_AT", limit)
    monkeypatch.setattr(budget, "LIMIT", limit)
    monkeypatch.setattr(entity_platform, "MAX_ENABLED_ENTITIES_PER_CONFIG_ENTRY", limit - 2)  # two are disabled
    await choose(hass, "full")
    assert len(registered(hass, entry)) == limit
    assert warned(hass, entry)
    await choose(hass, "full", "hill")
    assert len(registered(hass, entry)) == limit
    assert not registered(hass, entry) & {"g301_tamper", "g301_last_report"}
    await choose(hass, "compact")
    assert len(registered(hass, entry)) == len(before) + 8
    assert registered(hass, entry) >= {"g301_tamper", "g301_last_report"}
    await choose(hass, "compact", "hill")
    assert registered(hass, entry) == before
    assert not warned(hass, entry)


async def test_entities_of_other_parts_count(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant's limit is for the whole entry."""
    monkeypatch.setattr(budget, "WARN_AT", len(registered(hass, loaded)) + 1)
    er.async_get(hass).async_get_or_create("sensor", "community_help", "of_another_part", config_entry=loaded)
    await choose(hass, "compact")
    assert warned(hass, loaded)


async def test_the_limit_is_still_home_assistants(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The number in the repair is the one in Home Assistant's source, and we are not exempt."""
    assert entity_platform.MAX_ENABLED_ENTITIES_PER_CONFIG_ENTRY == 10_000
    assert "community_help" not in entity_platform.ENTITY_LIMIT_EXEMPT_DOMAINS
    assert state(hass, "bay_detail", "select") == "compact"
