"""Adopting an entity and changing it: each mistake is named at its field, and can be mended; defaults are sensible."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.adopted import AdoptedEntity, adopted_entities
from custom_components.community_help.const import DOMAIN
from custom_components.community_help.contract.values import Device, DeviceKind
from tests.integration.conftest import FakeGateway

KITCHEN = "binary_sensor.kitchen"
WHERE = {"name": "厨房烟感", "kind": "smoke", "compound": "bay", "building": "1号楼", "floor": "2", "flat": "201"}


@pytest.fixture(autouse=True)
def entities(hass: HomeAssistant) -> None:
    """What the forms can choose: one is in the registry."""
    hass.states.async_set(KITCHEN, "off", {"device_class": "smoke", "friendly_name": "Kitchen"})
    er.async_get(hass).async_get_or_create("binary_sensor", "zha", "1", suggested_object_id="hall")
    hass.states.async_set("binary_sensor.hall", "off", {"device_class": "smoke", "friendly_name": "Hall"})


async def choose(hass: HomeAssistant, entry: MockConfigEntry, entity: str) -> Any:
    """Begin to adopt, and choose an entity."""
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, "adopted"), context={"source": SOURCE_USER})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "user")
    return await answer(hass, result, entity=entity)


async def answer(hass: HomeAssistant, result: Any, **said: Any) -> Any:
    """Fill in the form that is shown."""
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], said)
    await hass.async_block_till_done()
    return result


def shown(result: Any) -> dict[str, Any]:
    """What stands in a form."""
    found = {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}
    return {key: value for key, value in found.items() if value is not None}


def options(result: Any, field: str) -> list[Any]:
    """What a field of a form offers."""
    schema = result["data_schema"].schema
    return next(list(schema[key].config["options"]) for key in schema if str(key) == field)


async def test_an_entity_is_adopted_as_entered(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What is in the registry is kept by what a rename does not change."""
    result = await choose(hass, loaded, "binary_sensor.hall")
    assert (result["step_id"], result["description_placeholders"]) == ("point", {"entity": "binary_sensor.hall"})
    result = await answer(hass, result, **{**WHERE, "name": " 厨房烟感 "})
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "厨房烟感")
    registered = er.async_get(hass).async_get("binary_sensor.hall")
    assert registered
    (found,) = adopted_entities(loaded)
    assert found == AdoptedEntity(found.id, registered.id, "厨房烟感", "smoke", "bay", "1号楼", "2", "201")


async def test_what_is_in_no_registry_is_kept_by_its_entity_id(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A place is not asked for."""
    result = await choose(hass, loaded, KITCHEN)
    await answer(hass, result, name="厨房", kind="smoke", compound="bay")
    (found,) = adopted_entities(loaded)
    assert found == AdoptedEntity(found.id, KITCHEN, "厨房", "smoke", "bay")


@pytest.mark.parametrize(
    ("entity", "attributes", "kind", "kinds"),
    [
        ("binary_sensor.a", {"device_class": "smoke"}, "smoke", 10),
        ("binary_sensor.a", {"device_class": "gas"}, "gas", 10),
        ("binary_sensor.a", {"device_class": "carbon_monoxide"}, "co", 10),
        ("binary_sensor.a", {"device_class": "occupancy"}, "lane", 10),
        ("binary_sensor.a", {"device_class": "door"}, None, 10),
        ("input_boolean.a", {}, None, 10),
        ("switch.a", {"device_class": "outlet"}, "relay", 1),
        ("switch.a", {}, "relay", 1),
        ("sensor.a", {"device_class": "carbon_monoxide", "unit_of_measurement": "ppm"}, "co", 1),
        ("sensor.a", {"unit_of_measurement": "ppm"}, None, 2),
        ("sensor.a", {"unit_of_measurement": "%LEL"}, "ch4", 1),
    ],
)
async def test_the_device_class_says_what_it_is(
    hass: HomeAssistant, loaded: MockConfigEntry, entity: str, attributes: dict[str, Any], kind: str, kinds: int
) -> None:
    """Where it does not, nothing is guessed; what cannot be is not offered; the only compound is the one."""
    hass.states.async_set(entity, "off", {**attributes, "friendly_name": "Name"})
    result = await choose(hass, loaded, entity)
    expected = {"name": "Name", "compound": "bay", **({"kind": kind} if kind else {})}
    assert shown(result) == expected
    assert len(options(result, "kind")) == kinds


@pytest.mark.parametrize(
    ("entity", "error"),
    [
        ("binary_sensor.gone", "entity_missing"),
        ("binary_sensor.own", "own_entity"),
        (KITCHEN, "entity_taken"),
        ("binary_sensor.hall", "entity_taken"),
        ("sensor.humidity", "nothing_fits"),
        ("sensor.mist", "nothing_fits"),
    ],
)
async def test_what_cannot_be_adopted_is_refused_in_words_and_can_be_mended(
    hass: HomeAssistant, loaded: MockConfigEntry, entity: str, error: str
) -> None:
    """Own entities, the same one twice, what is not there, and sensors of something else."""
    er.async_get(hass).async_get_or_create("binary_sensor", DOMAIN, "x", suggested_object_id="own")
    hass.states.async_set("sensor.humidity", "50", {"unit_of_measurement": "%", "device_class": "humidity"})
    hass.states.async_set("sensor.mist", "50", {"unit_of_measurement": "mg/m³"})
    hass.states.async_set("binary_sensor.free", "off", {"device_class": "smoke"})
    for taken in (KITCHEN, "binary_sensor.hall"):
        await answer(hass, await choose(hass, loaded, taken), **{**WHERE, "name": "登记"})
    result = await choose(hass, loaded, entity)
    assert (result["errors"], shown(result)) == ({"entity": error}, {"entity": entity})
    if error == "entity_taken":
        assert result["description_placeholders"] == {"holder": "登记"}
    result = await answer(hass, result, entity="binary_sensor.free")
    assert (await answer(hass, result, **WHERE))["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("field", "wrong", "error"),
    [
        ("name", "  ", "name_missing"),
        ("name", "长" * 101, "too_long"),
        ("building", "长" * 61, "too_long"),
        ("floor", "长" * 61, "too_long"),
        ("flat", "长" * 61, "too_long"),
    ],
)
async def test_a_mistake_about_the_place_is_named_and_can_be_mended(
    hass: HomeAssistant, loaded: MockConfigEntry, field: str, wrong: str, error: str
) -> None:
    """With the rest of the form as it was."""
    result = await choose(hass, loaded, KITCHEN)
    result = await answer(hass, result, **{**WHERE, field: wrong})
    assert (result["errors"], shown(result)) == ({field: error}, {**WHERE, field: wrong})
    assert (await answer(hass, result, **WHERE))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_detector_that_was_replaced_keeps_its_point(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Another entity in the same place: the subentry, and so the point, stays; what was cleared is gone."""
    await answer(hass, await choose(hass, loaded, "binary_sensor.hall"), **WHERE)
    (before,) = adopted_entities(loaded)
    result = await loaded.start_subentry_reconfigure_flow(hass, before.id)
    assert (result["step_id"], shown(result)) == ("reconfigure", {"entity": "binary_sensor.hall"})
    result = await answer(hass, result, entity=KITCHEN)
    assert shown(result) == WHERE
    result = await answer(hass, result, name="新烟感", kind="smoke", compound="bay")
    assert result["reason"] == "reconfigure_successful"
    (found,) = adopted_entities(loaded)
    assert found == AdoptedEntity(before.id, KITCHEN, "新烟感", "smoke", "bay")
    assert found.device == before.device


async def test_one_can_stay_as_it_is(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Its own entity is not taken by another; a kind that does not fit another entity is guessed anew."""
    await answer(hass, await choose(hass, loaded, KITCHEN), **WHERE)
    (before,) = adopted_entities(loaded)
    hass.states.async_set("switch.plug", "off")
    result = await loaded.start_subentry_reconfigure_flow(hass, before.id)
    assert shown(await answer(hass, result, entity="switch.plug"))["kind"] == "relay"
    result = await loaded.start_subentry_reconfigure_flow(hass, before.id)
    result = await answer(hass, await answer(hass, result, entity=KITCHEN), **WHERE)
    assert result["reason"] == "reconfigure_successful"
    assert adopted_entities(loaded) == (before,)


async def test_an_entity_that_was_removed_is_not_proposed(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The form is empty there."""
    await answer(hass, await choose(hass, loaded, "binary_sensor.hall"), **WHERE)
    er.async_get(hass).async_remove("binary_sensor.hall")
    (found,) = adopted_entities(loaded)
    assert shown(await loaded.start_subentry_reconfigure_flow(hass, found.id)) == {}


async def test_without_a_compound_nothing_can_be_adopted(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """The gateway was never there: it says so. What is adopted already can be changed."""
    gateway.away = True
    await hass.config_entries.async_setup(entry.entry_id)
    result = await choose(hass, entry, KITCHEN)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_compounds")


async def test_a_leak_detector_may_belong_to_a_station(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """It is offered where there is one, told to the gateway, and refused for what is no leak, and elsewhere."""
    result = await choose(hass, loaded, KITCHEN)
    assert "station" not in {str(key) for key in result["data_schema"].schema}
    coordinator = loaded.runtime_data
    coordinator.devices["love"] = Device("love", "爱心驿站", DeviceKind.STATION, "bay", "")
    coordinator.devices["far"] = Device("far", "远处", DeviceKind.STATION, "elsewhere", "")
    result = await choose(hass, loaded, KITCHEN)
    assert [item["value"] for item in options(result, "station")] == ["love", "far"]
    said = {"name": "水槽", "kind": "leak", "compound": "bay"}
    result = await answer(hass, result, **{**said, "kind": "smoke"}, station="love")
    assert result["errors"] == {"station": "station_only_leak"}
    result = await answer(hass, result, **said, station="far")
    assert result["errors"] == {"station": "station_elsewhere"}
    await answer(hass, result, **said, station="love")
    (found,) = adopted_entities(loaded)
    described = found.described()
    assert (found.station, described and described.station) == ("love", "love")
    coordinator.devices.clear()
    flows = hass.config_entries.subentries
    result = await flows.async_init(
        (loaded.entry_id, "adopted"), context={"source": "reconfigure", "subentry_id": found.id}
    )
    result = await answer(hass, result, entity=KITCHEN)
    assert shown(result)["station"] == "love"
