"""The detail level of a compound: what is shown of its smoke alarms, and that nothing is left over."""

from dataclasses import replace

import pytest
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.community_help import rollout
from custom_components.community_help.const import DOMAIN
from custom_components.community_help.contract import values
from tests.integration.conftest import DEVICES, GATEWAY_ID, FakeGateway, eventually
from tests.integration.entity_world import (
    attribute,
    choose,
    devices,
    entity,
    registered,
    smoke_alarm,
    state,
    until,
)

DETAILS = {"tamper", "fault", "battery", "test", "end_of_life", "latched", "bypassed", "last_report"}
COMPACT = {"f201_smoke", "f201_problem", "f202_smoke", "f202_problem"}
BUILDING = {"building bay 1号楼_smoke", "building bay 1号楼_problem"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that comes back is found at once."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))


async def test_levels_come_and_go_without_leftovers(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """From each level to each other: exactly the entities and devices of that level, and nothing is reloaded."""
    before, rest, flats = registered(hass, loaded), registered(hass, loaded) - COMPACT, {"f201", "f202"}
    others = devices(hass, loaded) - flats
    coordinator = loaded.runtime_data
    expected = {
        "compact": (COMPACT, flats),
        "full": (COMPACT | {f"{flat}_{detail}" for flat in flats for detail in DETAILS}, flats),
        "building": (BUILDING, {"building bay 1号楼"}),
    }
    for level in ("full", "compact", "building", "full", "building", "compact"):
        await choose(hass, level)
        entities, shown = expected[level]
        assert registered(hass, loaded) == rest | entities, level
        assert devices(hass, loaded) == others | shown, level
        assert state(hass, "bay_detail", "select") == level
        assert {item.split(".")[0] for item in hass.states.async_entity_ids() if not hass.states.get(item)} == set()
        restored = [item.entity_id for item in hass.states.async_all() if item.attributes.get("restored")]
        assert restored == [], level
    assert registered(hass, loaded) == before
    assert loaded.runtime_data is coordinator


async def test_the_level_survives_a_restart(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """It is in the entry's options; other options stay as they are."""
    hass.config_entries.async_update_entry(loaded, options={"runbooks": {"fire": "..."}})
    await choose(hass, "building")
    assert loaded.options == {"runbooks": {"fire": "..."}, "detail": {"bay": "building"}}
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert registered(hass, loaded) >= BUILDING
    assert not registered(hass, loaded) & COMPACT
    assert state(hass, "building bay 1号楼_smoke") == "off"


async def test_what_an_earlier_run_left_is_removed(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A level that was changed while Home Assistant was stopped in between leaves nothing behind, nor do kinds."""
    await choose(hass, "full")
    assert await hass.config_entries.async_unload(loaded.entry_id)
    hass.config_entries.async_update_entry(loaded, options={"detail": {"bay": "from_the_future"}})
    foreign = er.async_get(hass).async_get_or_create("sensor", DOMAIN, "of_another_part", config_entry=loaded)
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    assert {key for key in registered(hass, loaded) if key.startswith("f20")} == COMPACT
    assert er.async_get(hass).async_get(foreign.entity_id)


async def test_full_shows_every_detail(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """Each from its own word of the gateway; what the device never said is unknown."""
    await choose(hass, "full")
    kinds = ("tamper", "fault", "battery", "test", "end_of_life", "latched", "bypassed")
    assert [state(hass, f"f201_{kind}") for kind in kinds] == [
        "unknown",
        "off",
        "off",
        "unknown",
        "off",
        "off",
        "off",
    ]
    assert state(hass, "f201_last_report", "sensor") == "unknown"
    said = values.PointState(
        "f201.smoke",
        True,
        alarm=True,
        fault=True,
        tamper=True,
        test=True,
        latched=True,
        problems=("fault", "tamper", "battery_low", "end_of_life"),
        changed_at=1000.0,
        bypassed_until=5000.0,
    )
    await gateway.say(states=(said,))
    await until(hass, "f201_tamper", "on")
    assert [state(hass, f"f201_{kind}") for kind in kinds] == ["on"] * 7
    assert state(hass, "f201_last_report", "sensor") == "1970-01-01T00:16:40+00:00"
    assert [state(hass, f"f202_{kind}") for kind in ("tamper", "battery", "latched")] == ["unknown", "off", "off"]


async def test_a_silent_device_hides_only_what_it_alone_can_say(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """What the gateway knows by itself stays; the loss of the gateway hides everything."""
    await choose(hass, "full")
    silent = values.PointState("f201.smoke", False, tamper=True, latched=True, problems=("offline",), changed_at=9.0)
    await gateway.say(states=(silent,))
    await until(hass, "f201_smoke", "unavailable")
    hidden = ("tamper", "fault", "battery", "test")
    assert [state(hass, f"f201_{kind}") for kind in hidden] == ["unavailable"] * 4
    shown = ("problem", "latched", "end_of_life", "bypassed")
    assert [state(hass, f"f201_{kind}") for kind in shown] == ["on", "on", "off", "off"]
    await gateway.go_away()
    await until(hass, "f201_problem", "unavailable")
    assert [state(hass, f"f201_{kind}") for kind in (*hidden, *shown)] == ["unavailable"] * 8


async def test_battery_is_unknown_until_the_device_was_heard(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Unknown is not off."""
    await choose(hass, "full")
    await gateway.say(states=(values.PointState("f201.smoke", True),))
    await until(hass, "f201_battery", "unknown")


async def test_a_building_is_one(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """Smoke and problem of the whole building, with the flats; its area is the building's."""
    await choose(hass, "building")
    smoke, problem = sorted(BUILDING, reverse=True)
    await gateway.say(states=(values.PointState("f202.smoke", True, alarm=True),))
    await until(hass, smoke, "on")
    assert attribute(hass, smoke, "devices") == ["1号楼 2 202 烟感"]
    assert attribute(hass, smoke, "count") == 1
    assert attribute(hass, smoke, "device_class") == "smoke"
    await gateway.say(states=(values.PointState("f202.smoke", False, alarm=True, problems=("link_lost", "fault")),))
    await until(hass, problem, "on")
    assert attribute(hass, problem, "causes") == ["fault", "link_lost"]
    assert state(hass, smoke) == "on", "silence never clears an alarm"
    await gateway.say(states=(values.PointState("f202.smoke", True, alarm=False),))
    await until(hass, smoke, "off")
    await until(hass, problem, "off")
    assert attribute(hass, problem, "causes") == []
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{GATEWAY_ID}_building bay 1号楼"), loaded.entry_id
    )
    assert device
    assert device.name == "1号楼"
    area = ar.async_get(hass).async_get_area(str(device.area_id))
    assert area
    assert area.name == "清水湾 1号楼"


async def test_a_building_is_unavailable_only_when_nothing_in_it_is_heard(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """And then its problem says why; the loss of the gateway makes both unavailable."""
    await choose(hass, "building")
    smoke, problem = sorted(BUILDING, reverse=True)
    silent = [values.PointState(f"f{flat}.smoke", False, alarm=False, problems=("offline",)) for flat in (201, 202)]
    await gateway.say(states=(silent[0],))
    await until(hass, problem, "on")
    assert state(hass, smoke) == "off"
    await gateway.say(states=(silent[1],))
    await until(hass, smoke, "unavailable")
    assert (state(hass, problem), attribute(hass, problem, "count")) == ("on", 2)
    await gateway.go_away()
    await until(hass, problem, "unavailable")


async def test_a_building_names_a_bounded_number_of_flats(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """The count is of all."""
    flats = [smoke_alarm("bay", "1号楼", f"{number}01", f"h{number}") for number in range(60)]
    gateway.devices = (*DEVICES, *flats)
    gateway.all_normal()
    hass.config_entries.async_update_entry(entry, options={"detail": {"bay": "building"}})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await gateway.say(states=tuple(values.PointState(f"{flat.id}.smoke", True, alarm=True) for flat in flats))
    smoke = "building bay 1号楼_smoke"
    await until(hass, smoke, "on")
    assert (attribute(hass, smoke, "count"), len(attribute(hass, smoke, "devices"))) == (60, 20)


async def test_other_compounds_and_kinds_keep_what_they_have(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """A level is one compound's, and only its smoke alarms'; one outside of any building stays itself."""
    hut = smoke_alarm("bay", "", "001", "hut")
    gateway.compounds = (*gateway.compounds, values.Compound("hill", "翠山"))
    gateway.devices = (*DEVICES, smoke_alarm("hill", "1号楼", "301", "g301"), hut)
    gateway.all_normal()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    before = registered(hass, entry)
    await choose(hass, "building")
    assert registered(hass, entry) == (before - COMPACT) | BUILDING
    await choose(hass, "full", "hill")
    assert registered(hass, entry) == (before - COMPACT) | BUILDING | {f"g301_{detail}" for detail in DETAILS}


async def test_what_a_person_named_is_there_again_after_another_level(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Home Assistant remembers a removed entity; its id and name are the same when it returns."""
    registry = er.async_get(hass)
    registry.async_update_entity(entity(hass, "f201_smoke"), new_entity_id="binary_sensor.grandma", name="Grandma")
    await choose(hass, "building")
    assert not hass.states.get("binary_sensor.grandma")
    await choose(hass, "compact")
    assert entity(hass, "f201_smoke") == "binary_sensor.grandma"
    found = hass.states.get("binary_sensor.grandma")
    assert found
    assert found.state == "off"


async def test_a_level_can_be_chosen_while_the_gateway_is_away(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """It is Home Assistant's own; when the gateway is back, the states are there."""
    await gateway.go_away()
    await until(hass, "f201_smoke", "unavailable")
    await choose(hass, "full")
    assert state(hass, "f201_tamper") == "unavailable"
    gateway.away = False
    await until(hass, "f201_fault", "off")


async def test_devices_that_come_and_go_obey_the_level(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """A new flat is part of its building at once; a building without flats goes."""
    await choose(hass, "building")
    gateway.devices = (*DEVICES, smoke_alarm("bay", "2号楼", "301", "g301"))
    gateway.states["g301.smoke"] = values.PointState("g301.smoke", True, alarm=True)
    await gateway.hang_up()
    await eventually(hass, lambda: "building bay 2号楼_smoke" in registered(hass, loaded))
    await until(hass, "building bay 2号楼_smoke", "on")
    gateway.devices = DEVICES
    await gateway.hang_up()
    await eventually(hass, lambda: "building bay 2号楼" not in devices(hass, loaded))
    await hass.async_block_till_done()
    assert not any("2号楼" in key for key in registered(hass, loaded))


async def test_a_level_is_shown_slice_by_slice(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """The browser in which it was chosen is not cut off: at most a slice's messages in one turn of the loop."""
    flats = [smoke_alarm("bay", f"{number // 20}号楼", f"{number}01", f"h{number}") for number in range(200)]
    gateway.devices = (*DEVICES, *flats)
    gateway.all_normal()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    turn, per_turn = 0, dict[int, int]()

    def next_turn() -> None:
        nonlocal turn
        turn += 1
        hass.loop.call_soon(next_turn)

    @callback
    def count(_event: object) -> None:
        per_turn[turn] = per_turn.get(turn, 0) + 1

    hass.loop.call_soon(next_turn)
    for kind in ("state_changed", "entity_registry_updated", "device_registry_updated"):
        hass.bus.async_listen(kind, count)
    for level in ("full", "building", "compact"):
        per_turn.clear()
        await choose(hass, level)
        assert sum(per_turn.values()) > 1000, level
        assert max(per_turn.values()) <= 500, level
    assert rollout.SLICE == 20


async def test_choosing_tells_nobody_but_home_assistant(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """What is shown is no business of the gateway's, and no alarm is written anew."""
    await gateway.say(states=(replace(gateway.states["f201.smoke"], alarm=True),))
    await until(hass, "f201_smoke", "on")
    events = async_capture_events(hass, "state_changed")
    await choose(hass, "full")
    assert entity(hass, "f201_smoke") not in {event.data["entity_id"] for event in events}
    assert len(gateway.resumed) == 1


async def test_a_slow_machine_shows_the_rest_after_the_set_up(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant gives up on a platform after a minute; nothing is missing in the end."""
    monkeypatch.setattr(rollout, "JOIN_SECONDS", 0.0)
    monkeypatch.setattr(rollout, "SLICE", 1)
    gateway.devices = (*DEVICES, *(smoke_alarm("bay", "9号楼", f"{number}01", f"h{number}") for number in range(50)))
    gateway.all_normal()
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert "h49_smoke" not in registered(hass, entry)
    await eventually(hass, lambda: "h49_smoke" in registered(hass, entry))
    await until(hass, "h49_problem", "off")
