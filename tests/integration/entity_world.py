"""What the tests about entities share: finding them, choosing a level, and what the registries hold."""

from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.contract import values
from tests.integration.conftest import GATEWAY_ID, eventually


def entity(hass: HomeAssistant, key: str, platform: str = "binary_sensor") -> str:
    """The entity with this unique id below the gateway's."""
    found = er.async_get(hass).async_get_entity_id(platform, "community_help", f"{GATEWAY_ID}_{key}")
    assert found, key
    return found


def full_state(hass: HomeAssistant, key: str, platform: str = "binary_sensor") -> State:
    """An entity's state with its attributes."""
    found = hass.states.get(entity(hass, key, platform))
    assert found, key
    return found


def state(hass: HomeAssistant, key: str, platform: str = "binary_sensor") -> str:
    """An entity's state."""
    return full_state(hass, key, platform).state


def attribute(hass: HomeAssistant, key: str, name: str, platform: str = "binary_sensor") -> Any:
    """One attribute of an entity."""
    return full_state(hass, key, platform).attributes.get(name)


async def until(hass: HomeAssistant, key: str, wanted: str, platform: str = "binary_sensor") -> None:
    """Wait, by turns of the loop and the socket, for a state."""
    await eventually(hass, lambda: state(hass, key, platform) == wanted)


async def choose(hass: HomeAssistant, level: str, compound: str = "bay") -> None:
    """A person chooses how detailed the smoke alarms of a compound are shown."""
    target = {"entity_id": entity(hass, f"{compound}_detail", "select"), "option": level}
    await hass.services.async_call("select", "select_option", target, blocking=True)
    await hass.async_block_till_done()


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """The unique ids of all registered entities, without the gateway's id."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {item.unique_id.removeprefix(f"{GATEWAY_ID}_") for item in found}


def devices(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """The identifiers of all registered devices, without the gateway's id."""
    found = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {key.removeprefix(f"{GATEWAY_ID}_") for item in found for _, key in item.identifiers}


def smoke_alarm(compound: str, building: str, flat: str, own_id: str) -> values.Device:
    """A household smoke alarm anywhere."""
    point = values.Point(f"{own_id}.smoke", values.PointKind.SMOKE)
    kind = values.DeviceKind.SMOKE_ALARM
    return values.Device(own_id, "烟感", kind, compound, building, flat[:-2], flat, points=(point,))
