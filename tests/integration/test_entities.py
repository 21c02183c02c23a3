"""Devices, entities and areas from what the gateway says; availability and unknown."""

from dataclasses import replace

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
)
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.community_help.client import CannotConnectError
from custom_components.community_help.contract import messages, values
from custom_components.community_help.diagnostics import async_get_config_entry_diagnostics
from tests.integration.conftest import DEVICES, GATEWAY_ID, FakeGateway, eventually, smoke_alarm


def entity(hass: HomeAssistant, key: str, platform: str = "binary_sensor") -> str:
    """The entity with this unique id below the gateway's."""
    found = er.async_get(hass).async_get_entity_id(platform, "community_help", f"{GATEWAY_ID}_{key}")
    assert found, key
    return found


def state(hass: HomeAssistant, key: str, platform: str = "binary_sensor") -> str:
    """An entity's state."""
    found = hass.states.get(entity(hass, key, platform))
    assert found
    return found.state


async def test_a_household_smoke_alarm_has_two_entities(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The entity budget: smoke and problem."""
    registry = er.async_get(hass)
    keys = [item.unique_id for item in registry.entities.values() if "_f201_" in item.unique_id]
    assert sorted(keys) == [f"{GATEWAY_ID}_f201_problem", f"{GATEWAY_ID}_f201_smoke"]


async def test_every_kind_has_its_entities(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Gas, lane, relay, transmitter, compound, gateway."""
    assert state(hass, "septic_gas") == "off"
    assert [state(hass, f"septic_{gas}", "sensor") for gas in ("ch4", "h2s", "co", "o2")] == ["1.0"] * 4
    assert state(hass, "lane_lane") == "off"
    assert state(hass, "water_relay", "switch") == "off"
    assert state(hass, "uitd_panel") == "off"
    assert state(hass, "bay_incident", "event") == "unknown"
    assert state(hass, "connected") == "on"


async def test_devices_have_names_places_and_areas(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A compound is a floor, a building an area named with its compound, a flat a device in it."""
    devices, areas = dr.async_get(hass), ar.async_get(hass)
    flat = devices.async_get_device_by_identifier(("community_help", f"{GATEWAY_ID}_f201"), loaded.entry_id)
    assert flat
    assert flat.name == "2 201 烟感"
    area = areas.async_get_area(str(flat.area_id))
    assert area
    assert area.name == "清水湾 1号楼"
    floor = fr.async_get(hass).async_get_floor(str(area.floor_id))
    assert floor
    assert floor.name == "清水湾"


async def test_an_alarm_wakes_only_its_entity(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """One state changes; the neighbours are not written."""
    events = async_capture_events(hass, "state_changed")
    await gateway.say(states=(values.PointState("f201.smoke", True, alarm=True, latched=True),))
    await until(hass, "f201_smoke", "on")
    assert {event.data["entity_id"] for event in events} <= {entity(hass, "f201_smoke"), entity(hass, "f201_problem")}


async def until(hass: HomeAssistant, key: str, wanted: str, platform: str = "binary_sensor") -> None:
    """Wait, by turns of the loop and the socket, for a state."""
    await eventually(hass, lambda: state(hass, key, platform) == wanted)


async def test_unknown_is_not_off(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """A detector that was never heard is unknown; a reading that failed is unknown."""
    await gateway.say(
        states=(
            values.PointState("f201.smoke", True),
            values.PointState("septic.h2s", True, fault=True, problems=("fault",)),
        )
    )
    await until(hass, "f201_smoke", "unknown")
    assert state(hass, "septic_h2s", "sensor") == "unknown"
    assert state(hass, "septic_problem") == "on"


async def test_a_silent_device_is_unavailable_and_its_problem_says_why(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Never an old value as current."""
    await gateway.say(states=(values.PointState("f201.smoke", False, alarm=True, problems=("link_lost",)),))
    await until(hass, "f201_smoke", "unavailable")
    problem = hass.states.get(entity(hass, "f201_problem"))
    assert problem
    assert (problem.state, problem.attributes["causes"]) == ("on", ["link_lost"])


async def test_the_loss_of_the_gateway_shows_and_heals(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everything is unavailable, said once; after reconnecting the states are the new ones."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    gateway.states["f201.smoke"] = values.PointState("f201.smoke", True, alarm=True)
    await gateway.hang_up()
    await until(hass, "f201_smoke", "on")
    assert caplog.text.count("is away") == 1
    assert state(hass, "connected") == "on"
    assert len(gateway.resumed) == 2


async def test_new_devices_appear_and_removed_ones_go(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a reload."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    gateway.devices = (*DEVICES[1:], smoke_alarm("303"))
    gateway.states["f303.smoke"] = values.PointState("f303.smoke", True, alarm=False)
    await gateway.hang_up()
    registry = er.async_get(hass)
    await eventually(
        hass, lambda: bool(registry.async_get_entity_id("binary_sensor", "community_help", f"{GATEWAY_ID}_f303_smoke"))
    )
    assert state(hass, "f303_smoke") == "off"
    assert not registry.async_get_entity_id("binary_sensor", "community_help", f"{GATEWAY_ID}_f201_smoke")


async def test_a_relay_is_switched_through_the_gateway(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The state is what the device confirmed, not what was asked."""
    target = {"entity_id": entity(hass, "water_relay", "switch")}
    await hass.services.async_call("switch", "turn_on", target, blocking=True)
    assert [(body.point, body.on) for body in gateway.bodies(messages.Switch)] == [("water.relay", True)]
    assert state(hass, "water_relay", "switch") == "off"
    gateway.answer = lambda command: messages.Outcome(command.key, False, "switch_failed", "no answer")
    with pytest.raises(HomeAssistantError, match="no answer"):
        await hass.services.async_call("switch", "turn_off", target, blocking=True)


async def test_set_up_fails_clearly(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> None:
    """No gateway: retry. A token it does not know: pair again."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "token": "wrong"})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert [flow["step_id"] for flow in hass.config_entries.flow.async_progress()] == ["reauth_confirm"]
    hass.config_entries.async_update_entry(entry, data={**entry.data, "port": 1})
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_it_unloads_and_removed_devices_may_be_deleted(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Unload, and the rule for deleting devices by hand."""
    from custom_components.community_help import async_remove_config_entry_device

    device = dr.async_get(hass).async_get_device_by_identifier(
        ("community_help", f"{GATEWAY_ID}_f201"), loaded.entry_id
    )
    assert device
    assert not await async_remove_config_entry_device(hass, loaded, device)
    coordinator = loaded.runtime_data
    coordinator.devices.pop("f201")
    assert await async_remove_config_entry_device(hass, loaded, device)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    with pytest.raises(CannotConnectError):
        await coordinator.async_command(messages.ClaimLease("x", "X"))


async def test_diagnostics_carry_no_secret_and_no_name(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Counts only."""
    found = await async_get_config_entry_diagnostics(hass, loaded)
    assert found["devices"]["smoke_alarm"] == 2
    text = str(found)
    assert not any(secret in text for secret in ("token-of-the-gateway", "清水湾", "烟感", "127.0.0.1"))


async def test_versions_that_do_not_fit_become_a_repair(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """It names the side to update."""
    from homeassistant.helpers import issue_registry as ir

    gateway.info = replace(gateway.info, version=9, min_supported=9)
    await hass.config_entries.async_setup(entry.entry_id)
    assert ir.async_get(hass).async_get_issue("community_help", f"update_integration_{entry.entry_id}")
