"""What a compound and the gateway show as a whole; how devices follow the gateway; gas and lane in full."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import DOMAIN
from custom_components.community_help.contract import values
from custom_components.community_help.signals import points_behind
from tests.integration.conftest import DEVICES, GATEWAY_ID, INCIDENT, FakeGateway, eventually, incident_event
from tests.integration.entity_world import attribute, devices, entity, registered, smoke_alarm, state, until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that comes back is found at once."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))


async def told(gateway: FakeGateway, kind: values.IncidentEventKind, incident: values.Incident) -> None:
    """The gateway tells what happened to an incident."""
    await gateway.say(events=(replace(incident_event(kind, gateway.number + 1), incident=incident),))


async def test_open_incidents_are_counted_and_named(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """The count, the worst, the newest with who has them; closed ones are gone; unavailable with the gateway."""
    kind = values.IncidentEventKind
    assert (state(hass, "bay_open_incidents", "sensor"), state(hass, "bay_worst_severity", "sensor")) == ("0", "none")
    drill = replace(INCIDENT, id="ep-2", severity=values.Severity.NOTICE, drill=True, opened_at=2000.0)
    await told(gateway, kind.RAISED, drill)
    await until(hass, "bay_worst_severity", "notice", "sensor")
    await told(gateway, kind.ACKNOWLEDGED, replace(INCIDENT, owner=values.Person("z", "张三")))
    await until(hass, "bay_open_incidents", "2", "sensor")
    assert state(hass, "bay_worst_severity", "sensor") == "alarm"
    assert attribute(hass, "bay_open_incidents", "drills", "sensor") == 1
    newest = attribute(hass, "bay_open_incidents", "incidents", "sensor")
    assert [item["id"] for item in newest] == ["ep-2", "ep-1"]
    assert newest[1] == {
        "id": "ep-1",
        "hazard": "fire",
        "severity": "alarm",
        "state": "open",
        "place": INCIDENT.place,
        "opened_at": "1970-01-01T00:16:40+00:00",
        "owner": "张三",
        "drill": False,
        "detectors": 1,
        "live": 1,
    }
    await told(gateway, kind.CLOSED, replace(INCIDENT, state=values.IncidentState.CLOSED))
    await until(hass, "bay_open_incidents", "1", "sensor")
    await gateway.go_away()
    await until(hass, "bay_open_incidents", "unavailable", "sensor")


async def test_a_long_list_of_incidents_is_cut_and_never_recorded(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """The count is of all."""
    gateway.incidents = tuple(replace(INCIDENT, id=f"ep-{number}") for number in range(50))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, "bay_open_incidents", "sensor") == "50"
    assert len(attribute(hass, "bay_open_incidents", "incidents", "sensor")) == 20
    found = hass.states.get(entity(hass, "bay_open_incidents", "sensor"))
    assert found
    assert found.state_info
    assert {"incidents", "drills"} <= set(found.state_info["unrecorded_attributes"])


async def test_a_self_test_of_the_phones_is_no_incident_to_look_at(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Neither counted nor an event; an alarm of an unknown device concerns every compound."""
    self_test = replace(INCIDENT, id="ep-9", hazard=values.Hazard.SELF_TEST)
    await told(gateway, values.IncidentEventKind.RAISED, self_test)
    await eventually(hass, lambda: "ep-9" in loaded.runtime_data.incidents)
    assert state(hass, "bay_open_incidents", "sensor") == "0"
    assert state(hass, "bay_incident", "event") == "unknown"
    await told(gateway, values.IncidentEventKind.RAISED, replace(INCIDENT, compound=""))
    await until(hass, "bay_open_incidents", "1", "sensor")
    assert state(hass, "bay_incident", "event") != "unknown"


async def test_silent_devices_batteries_and_bypasses_are_counted(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Devices by device, however many points they have; points that are silenced by point."""
    silent = [
        values.PointState(f"septic.{gas}", False, problems=("link_lost",), bypassed_until=5000.0)
        for gas in ("ch4", "h2s", "co", "o2")
    ]
    low = values.PointState("f201.smoke", True, alarm=False, problems=("battery_low",))
    await gateway.say(states=(*silent, low))
    await until(hass, "bay_devices_offline", "1", "sensor")
    assert attribute(hass, "bay_devices_offline", "devices", "sensor") == ["化粪池"]
    assert state(hass, "bay_batteries_low", "sensor") == "1"
    assert attribute(hass, "bay_batteries_low", "devices", "sensor") == ["1号楼 2 201 烟感"]
    assert state(hass, "bay_points_bypassed", "sensor") == "4"
    assert attribute(hass, "bay_points_bypassed", "devices", "sensor") == ["化粪池"]
    await gateway.say(states=(replace(silent[0], available=True, problems=()), replace(low, problems=())))
    await until(hass, "bay_devices_offline", "0", "sensor")
    assert state(hass, "bay_batteries_low", "sensor") == "0"


async def test_an_alarm_writes_only_what_it_concerns(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """No count that stayed the same, no other compound, and no other device is even computed."""
    gateway.compounds = (*gateway.compounds, values.Compound("hill", "翠山"))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    written: set[str] = set()

    @callback
    def note(event: Event[Any]) -> None:
        written.add(event.data["entity_id"])

    for kind in ("state_changed", "state_reported"):
        hass.bus.async_listen(kind, note, event_filter=callback(lambda _data: True))
    alarm = values.PointState("f201.smoke", True, alarm=True, problems=("battery_low",))
    event = incident_event(values.IncidentEventKind.RAISED, gateway.number + 1)
    await gateway.say(states=(alarm,), events=(event,))
    await until(hass, "bay_open_incidents", "1", "sensor")
    assert written == {
        entity(hass, "f201_smoke"),
        entity(hass, "f201_problem"),
        entity(hass, "bay_batteries_low", "sensor"),
        entity(hass, "bay_open_incidents", "sensor"),
        entity(hass, "bay_worst_severity", "sensor"),
        entity(hass, "bay_incident", "event"),
    }


async def test_the_gateways_room_is_shown_to_who_wants_it(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Journal and free space are off until enabled; they are numbers of the self-check."""
    registry = er.async_get(hass)
    for key in ("journal_size", "free_space"):
        found = registry.async_get(entity(hass, key, "sensor"))
        assert found
        assert found.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        registry.async_update_entity(found.entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state(hass, "journal_size", "sensor") == "unknown"
    await gateway.say(health=values.Health(journal_bytes=3 * 1024**2, free_bytes=2 * 1024**3))
    await until(hass, "journal_size", "3.0", "sensor")
    assert state(hass, "free_space", "sensor") == "2048.0"
    assert attribute(hass, "free_space", "unit_of_measurement", "sensor") == "MiB"


async def test_the_gateways_version_follows_its_update(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Without a reload."""

    def version() -> str | None:
        found = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, GATEWAY_ID), loaded.entry_id)
        return found.sw_version if found else None

    assert version() == "0.1.0"
    gateway.info = replace(gateway.info, software="0.9.0")
    await gateway.hang_up()
    await eventually(hass, lambda: version() == "0.9.0")


async def test_a_gas_has_levels(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """The worst of the gases, and which; a detector's own alarm without a reading counts as alarm."""
    assert state(hass, "septic_gas_level", "sensor") == "normal"
    await gateway.say(states=tuple(values.PointState(f"septic.{gas}", True) for gas in ("ch4", "h2s", "co", "o2")))
    await until(hass, "septic_gas_level", "unknown", "sensor")
    for point, level, expected in (
        ("septic.h2s", 1, "warning"),
        ("septic.o2", 3, "danger"),
        ("septic.co", 9, "danger"),
    ):
        await gateway.say(states=(values.PointState(point, True, alarm=True, value=7.0, level=level),))
        await until(hass, "septic_gas_level", expected, "sensor")
    await eventually(hass, lambda: attribute(hass, "septic_gas_level", "gases", "sensor") == ["co", "o2"])
    assert attribute(hass, "septic_h2s", "level", "sensor") == "warning"
    quiet = tuple(values.PointState(f"septic.{gas}", True, alarm=False, value=0.0) for gas in ("h2s", "co", "o2"))
    await gateway.say(states=(*quiet, values.PointState("septic.ch4", True, alarm=True)))
    await until(hass, "septic_gas_level", "alarm", "sensor")
    assert attribute(hass, "septic_gas_level", "gases", "sensor") == ["ch4"]


async def test_a_doubtful_reading_is_said_to_be(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Where oxygen is short, a low methane reading proves nothing."""
    assert state(hass, "septic_sensor_suspect") == "off"
    doubtful = values.PointState("septic.ch4", True, alarm=False, value=0.0, problems=("sensor_suspect",))
    await gateway.say(states=(doubtful,))
    await until(hass, "septic_sensor_suspect", "on")


async def test_a_lane_is_blocked_only_after_its_dwell(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Occupied at once, blocked from the first level on, and since when; unknown is neither."""
    await gateway.say(states=(values.PointState("lane.lane", True, on=True, changed_at=1000.0),))
    await until(hass, "lane_lane", "on")
    assert (state(hass, "lane_blocked"), attribute(hass, "lane_blocked", "device_class")) == ("off", "safety")
    assert state(hass, "lane_since", "sensor") == "1970-01-01T00:16:40+00:00"
    await gateway.say(states=(values.PointState("lane.lane", True, on=True, alarm=True, level=1, changed_at=1060.0),))
    await until(hass, "lane_blocked", "on")
    await gateway.say(states=(values.PointState("lane.lane", True),))
    await until(hass, "lane_blocked", "unknown")


async def test_a_device_that_is_renamed_or_moved_is_followed(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Name, area and compound's device; an area or a name that a person chose stays."""
    registry, areas = dr.async_get(hass), ar.async_get(hass)

    def found(own_id: str) -> dr.DeviceEntry:
        device = registry.async_get_device_by_identifier((DOMAIN, f"{GATEWAY_ID}_{own_id}"), loaded.entry_id)
        assert device
        return device

    attic = areas.async_create("Attic")
    registry.async_update_device(found("f202").id, area_id=attic.id, name_by_user="Grandma")
    moved = [replace(device, building="3号楼", flat="909", name="新烟感") for device in DEVICES[:2]]
    gateway.devices = (*moved, *DEVICES[2:])
    await gateway.hang_up()
    await eventually(hass, lambda: found("f201").name == "2 909 新烟感")
    area = areas.async_get_area(str(found("f201").area_id))
    assert area
    assert area.name == "清水湾 3号楼"
    assert (found("f202").area_id, found("f202").name_by_user) == (attic.id, "Grandma")


async def test_a_device_that_gets_other_points_shows_them(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """A gas that is added counts in the detector's alarm at once; one that is taken away has no entity any more."""
    septic = DEVICES[2]
    added = values.Point("septic.gas", values.PointKind.GAS)
    gateway.devices = (*DEVICES[:2], replace(septic, points=(added, *septic.points[:3])), *DEVICES[3:])
    gateway.states["septic.gas"] = values.PointState("septic.gas", True, alarm=False)
    await gateway.hang_up()
    await eventually(hass, lambda: "septic_o2" not in registered(hass, loaded))
    await gateway.say(states=(values.PointState("septic.gas", True, alarm=True),))
    await until(hass, "septic_gas", "on")
    assert "septic_sensor_suspect" not in registered(hass, loaded)


async def test_a_device_that_comes_back_is_shown_again(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """After it was removed; without a reload."""
    for devices_now, there in ((DEVICES[1:], False), (DEVICES, True)):
        gateway.devices = devices_now
        await gateway.hang_up()
        await eventually(hass, lambda there=there: ("f201" in devices(hass, loaded)) is there)
        await hass.async_block_till_done()
        assert ("f201_smoke" in registered(hass, loaded)) is there
    await gateway.say(states=(values.PointState("f201.smoke", True, alarm=True),))
    await until(hass, "f201_smoke", "on")


async def test_removing_a_device_never_alters_its_open_incidents(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Promise 12: its entities go, what is open stays open until it is closed."""
    gateway.incidents = (INCIDENT,)
    await told(gateway, values.IncidentEventKind.RAISED, INCIDENT)
    await until(hass, "bay_open_incidents", "1", "sensor")
    gateway.devices = DEVICES[1:]
    await gateway.hang_up()
    await eventually(hass, lambda: "f201" not in devices(hass, loaded))
    await hass.async_block_till_done()
    assert state(hass, "bay_open_incidents", "sensor") == "1"
    assert attribute(hass, "bay_open_incidents", "incidents", "sensor")[0]["place"] == INCIDENT.place
    await told(gateway, values.IncidentEventKind.CLOSED, replace(INCIDENT, state=values.IncidentState.CLOSED))
    await until(hass, "bay_open_incidents", "0", "sensor")


async def test_a_compound_comes_and_goes_with_all_it_has(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """And a compound and a device of the same id do not hide each other."""
    gateway.compounds = (*gateway.compounds, values.Compound("f201", "翠山"))
    gateway.devices = (*DEVICES, smoke_alarm("f201", "1号楼", "301", "g301"))
    gateway.states["g301.smoke"] = values.PointState("g301.smoke", True, alarm=False)
    await gateway.hang_up()
    own = {"f201_drill", "f201_incident", "f201_detail", "f201_open_incidents", "f201_points_bypassed"}
    await eventually(hass, lambda: registered(hass, loaded) >= {*own, "g301_smoke", "f201_smoke"})
    gateway.compounds, gateway.devices = gateway.compounds[:1], DEVICES
    await gateway.hang_up()
    await eventually(hass, lambda: "g301" not in devices(hass, loaded))


async def test_actions_find_the_points_behind_an_entity(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """By its unique id; a whole building is nothing that one may silence by one entity."""
    coordinator = loaded.runtime_data
    assert points_behind(coordinator, f"{GATEWAY_ID}_f201_smoke") == ("f201.smoke",)
    assert len(points_behind(coordinator, f"{GATEWAY_ID}_septic_gas")) == 4
    for other in ("f201_problem", "f999_smoke", "building bay 1号楼_smoke", "f201_gas", "smoke"):
        assert points_behind(coordinator, f"{GATEWAY_ID}_{other}") == ()
    assert points_behind(coordinator, "another_f201_smoke") == ()
