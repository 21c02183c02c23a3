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
from custom_components.community_help.contract import commands, messages, values
from custom_components.community_help.diagnostics import async_get_config_entry_diagnostics
from tests.integration.conftest import DEVICES, GATEWAY_ID, FakeGateway, eventually, incident_event, smoke_alarm
from tests.integration.entity_world import entity, state, until


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
    assert [(body.point, body.on) for body in gateway.bodies(commands.Switch)] == [("water.relay", True)]
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
        await coordinator.async_command(commands.ClaimLease("x", "X"))


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


async def test_the_auditors_findings_show_on_the_gateway(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Unknown until it spoke; on with a finding or an unwritable journal; off when it is content."""
    assert state(hass, "auditor") == "unknown"
    health = values.Health(checked_at=1000.0, free_bytes=5 * 1024 * 1024, holes=("bay 22:00-06:00",))
    for said, expected in (
        (health, "off"),
        (replace(health, findings=("stuck:ep-7",)), "on"),
        (replace(health, recorded=False), "on"),
    ):
        await gateway.say(health=said)
        await eventually(hass, lambda said=said: loaded.runtime_data.facts.health == said)
        assert state(hass, "auditor") == expected
    found = hass.states.get(entity(hass, "auditor"))
    assert found
    assert (found.attributes["free_mib"], found.attributes["holes"]) == (5, ["bay 22:00-06:00"])


async def test_a_drill_shows_on_its_compound(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """On while it runs, with its end; off again; unavailable with the gateway."""
    assert state(hass, "bay_drill") == "off"
    await gateway.say(drills=(values.Drill("bay", values.Person("z", "张三"), 1000.0, 4600.0),))
    await until(hass, "bay_drill", "on")
    found = hass.states.get(entity(hass, "bay_drill"))
    assert found
    assert found.attributes["ends_at"] == "1970-01-01T01:16:40+00:00"
    await gateway.say(drills=())
    await until(hass, "bay_drill", "off")
    await gateway.go_away()
    await until(hass, "bay_drill", "unavailable")
    assert state(hass, "auditor") == "unavailable"
    assert state(hass, "connected") == "off"


async def test_a_call_point_is_unsafe_when_it_is_pressed(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry
) -> None:
    """A signal of its own, that takes part in the automations for safety sensors."""
    point = values.Point("hand.cp", values.PointKind.CALL_POINT)
    hand = values.Device("hand", "手报", values.DeviceKind.CALL_POINT, "bay", points=(point,))
    gateway.devices = (*DEVICES, hand)
    gateway.states["hand.cp"] = values.PointState("hand.cp", True, alarm=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(hass, "hand_call_point", "on")
    found = hass.states.get(entity(hass, "hand_call_point"))
    assert found
    assert found.attributes["device_class"] == "safety"


async def test_level_and_bypass_show_where_they_apply(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """A gas alarm has a level; a bypassed detector says until when; an ordinary one says nothing."""
    await gateway.say(
        states=(
            values.PointState("septic.h2s", True, alarm=True, level=2),
            values.PointState("f201.smoke", True, alarm=False, bypassed_until=4600.0),
        )
    )
    await until(hass, "septic_gas", "on")

    def attributes(key: str) -> dict[str, object]:
        found = hass.states.get(entity(hass, key))
        assert found
        return {name: value for name, value in found.attributes.items() if name in ("level", "bypassed_until")}

    assert attributes("septic_gas") == {"level": 2}
    assert attributes("f201_smoke") == {"bypassed_until": "1970-01-01T01:16:40+00:00"}
    assert attributes("f202_smoke") == {}


async def test_what_the_auditor_says_becomes_repairs_and_they_go_again(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """At most ten holes are listed, all are counted."""
    from homeassistant.helpers import issue_registry as ir

    def issue(key: str) -> ir.IssueEntry | None:
        return ir.async_get(hass).async_get_issue("community_help", f"{key}_{loaded.entry_id}")

    assert not issue("policy_holes")
    holes = tuple(f"bay {hour:02}:00" for hour in range(12))
    await gateway.say(health=values.Health(recorded=False, holes=holes))
    await eventually(hass, lambda: issue("policy_holes") is not None and issue("journal_problem") is not None)
    found = issue("policy_holes")
    assert found
    assert found.severity is ir.IssueSeverity.WARNING
    assert found.translation_placeholders
    assert found.translation_placeholders["count"] == "12"
    assert found.translation_placeholders["holes"].count("bay") == 10
    await gateway.say(health=values.Health())
    await eventually(hass, lambda: issue("policy_holes") is None and issue("journal_problem") is None)


async def test_the_event_entity_tells_every_kind_of_event(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """With its code and the member it is about; what a newer gateway invents is left out."""
    name = entity(hass, "bay_incident", "event")
    for kind in values.IncidentEventKind:
        if kind is values.IncidentEventKind.UNKNOWN:
            continue
        live = 0 if kind is values.IncidentEventKind.RESTORED else 2  # earlier restores are told to nobody
        event = incident_event(kind, gateway.number + 1, severity=values.Severity.DANGER, detectors=3, live=live)
        await gateway.say(events=(replace(event, detail="paged:new_floor", member=event.incident.members[0]),))

        def shown(kind: values.IncidentEventKind = kind) -> bool:
            found = hass.states.get(name)
            return found is not None and found.attributes["event_type"] == kind.value

        await eventually(hass, shown)
    found = hass.states.get(name)
    assert found
    wanted = {"detail": "paged:new_floor", "member": "烟感", "severity": "danger", "detectors": 3, "live": 2}
    assert {key: found.attributes[key] for key in wanted} == wanted
