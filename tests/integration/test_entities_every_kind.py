"""Every entity of every kind, as Home Assistant sees it: what it is called, what it is, and what it says.

After an intended change: ``pytest tests/integration/test_entities_every_kind.py --snapshot-update``, and read the diff.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.community_help.contract import values
from tests.integration.conftest import DEVICES, GATEWAY_ID, FakeGateway
from tests.integration.entity_world import smoke_alarm
from tests.integration.station_world import STATION

COMPONENT = Path(__file__).parents[2] / "custom_components/community_help"
HAND = values.Device(
    "hand",
    "手报",
    values.DeviceKind.CALL_POINT,
    "bay",
    "1号楼",
    "1",
    points=(values.Point("hand.cp", values.PointKind.CALL_POINT),),
)
NEW_KIND = values.Device(
    "new", "未知", values.DeviceKind.UNKNOWN, "bay", points=(values.Point("new.x", values.PointKind.UNKNOWN),)
)


def shown(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, dict[str, Any]]:
    """Everything about every entity that a person or an automation can rely on."""
    found = {}
    for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        state = hass.states.get(item.entity_id)
        found[f"{item.domain} {item.unique_id.removeprefix(f'{GATEWAY_ID}_')}"] = {
            "entity_id": item.entity_id,
            "name": item.original_name,
            "translation_key": item.translation_key,
            "device_class": item.original_device_class,
            "category": item.entity_category,
            "capabilities": item.capabilities,
            "disabled": item.disabled_by,
            "state": state.state if state else None,
            "attributes": dict(state.attributes) if state else None,
            "unrecorded": sorted(state.state_info["unrecorded_attributes"]) if state and state.state_info else None,
        }
    return dict(sorted(found.items()))


@pytest.fixture
async def everything(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> MockConfigEntry:
    """A compound with every kind of device in every level: full, compact and per building."""
    gateway.compounds = (*gateway.compounds, values.Compound("hill", "翠山"), values.Compound("lake", "湖畔"))
    more = (smoke_alarm("hill", "1号楼", "301", "g301"), smoke_alarm("lake", "1号楼", "301", "k301"))
    gateway.devices = (DEVICES[0], *DEVICES[2:], HAND, NEW_KIND, *STATION, *more)
    gateway.all_normal()
    gateway.states["f201.smoke"] = values.PointState(
        "f201.smoke", True, alarm=True, test=False, tamper=False, problems=("battery_low",), changed_at=1000.0, level=0
    )
    gateway.states["septic.h2s"] = values.PointState("septic.h2s", True, alarm=True, value=12.0, level=2)
    gateway.states["lane.lane"] = values.PointState("lane.lane", True, on=True, alarm=True, level=1, changed_at=1000.0)
    gateway.states["uitd.system"] = values.PointState("uitd.system", False, problems=("link_lost",))
    hass.config_entries.async_update_entry(entry, options={"detail": {"bay": "full", "hill": "building"}})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """As Home Assistant's own tests keep them: in a folder ``snapshots``."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


async def test_every_entity_is_as_it_was(
    hass: HomeAssistant, everything: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    """Ids, names, classes, units, categories, options, states and attributes."""
    found = shown(hass, everything)
    assert len(found) > 60
    for key, entity in found.items():
        assert entity == snapshot(name=key)


async def test_every_entity_has_a_name_in_both_languages_and_an_icon(
    hass: HomeAssistant, everything: MockConfigEntry
) -> None:
    """A device class names and draws an entity; what has none has a translation and an icon of its own."""
    languages = [json.loads((COMPONENT / f"translations/{name}.json").read_text("utf-8")) for name in ("en", "zh-Hans")]
    icons = json.loads((COMPONENT / "icons.json").read_text("utf-8"))["entity"]
    for key, entity in shown(hass, everything).items():
        domain, translation, capabilities = key.split()[0], entity["translation_key"], entity["capabilities"] or {}
        if translation is None:
            assert entity["device_class"], key
            continue
        texts = [language["entity"][domain][translation] for language in languages]
        assert all(text["name"] for text in texts), key
        if entity["device_class"] not in ("smoke", "safety", "problem", "timestamp"):
            assert icons[domain][translation]["default"], key
        for option in capabilities.get("options", ()):
            assert all(text["state"][option] for text in texts), (key, option)


async def test_nothing_long_or_changing_often_is_recorded(hass: HomeAssistant, everything: MockConfigEntry) -> None:
    """Every attribute of ours is left out of the recorder's database."""
    usual = {
        "attribution",
        "device_class",
        "event_type",
        "event_types",
        "friendly_name",
        "icon",
        "options",
        "state_class",
        "supported_features",
        "unit_of_measurement",
    }
    for key, entity in shown(hass, everything).items():
        if entity["attributes"] is not None and not key.startswith("event "):
            assert set(entity["attributes"]) - usual <= set(entity["unrecorded"]), key
