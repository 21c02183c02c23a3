"""Conditions on incidents, drills and the gateway, checked as automations check them."""

import time
from dataclasses import replace
from typing import Any

import probatio as vol
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConditionError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.condition import (
    async_from_config,
    async_get_all_descriptions,
    async_validate_condition_config,
)
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.condition import CONDITIONS
from custom_components.community_help.const import DOMAIN
from custom_components.community_help.contract import values
from custom_components.community_help.contract.values import Hazard, Severity
from custom_components.community_help.incident_conditions import HAZARDS, SEVERITIES
from tests.integration.conftest import GATEWAY_ID, INCIDENT, FakeGateway, eventually

ZHANG = values.Person("z", "张三")
OPEN, DRILL, CONNECTED = "is_incident_open", "is_in_drill", "is_gateway_connected"


async def holds(hass: HomeAssistant, name: str, **options: Any) -> bool | None:
    """Whether a condition holds, from its configuration on."""
    config = {"condition": f"{DOMAIN}.{name}", **({"options": options} if options else {})}
    checker = await async_from_config(hass, await async_validate_condition_config(hass, config))
    try:
        return checker.async_check()
    finally:
        checker.async_unload()


def device(hass: HomeAssistant, entry: MockConfigEntry, own_id: str) -> str:
    """A device's id in Home Assistant."""
    key = (DOMAIN, f"{GATEWAY_ID}_{own_id}")
    found = dr.async_get(hass).async_get_device_by_identifier(key, entry.entry_id)
    assert found
    return found.id


async def stands(hass: HomeAssistant, entry: MockConfigEntry, gateway: FakeGateway, **changes: Any) -> None:
    """One incident is open, as changed."""
    incident = replace(INCIDENT, **changes)
    event = values.IncidentEvent(gateway.number + 1, 1000.0, values.IncidentEventKind.RAISED, incident)
    await gateway.say(events=(event,))
    await eventually(hass, lambda: entry.runtime_data.incidents.get(incident.id) == incident)


async def test_an_incident_is_open_until_it_is_closed(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Acknowledged, handled and resolved ones are open still."""
    assert await holds(hass, OPEN) is False
    for state in (values.IncidentState.OPEN, values.IncidentState.HANDLING, values.IncidentState.RESOLVED):
        await stands(hass, loaded, gateway, state=state)
        assert await holds(hass, OPEN) is True
    closed = replace(INCIDENT, state=values.IncidentState.CLOSED)
    await gateway.say(events=(values.IncidentEvent(99, 1000.0, values.IncidentEventKind.CLOSED, closed),))
    await eventually(hass, lambda: not loaded.runtime_data.incidents)
    assert await holds(hass, OPEN) is False


@pytest.mark.parametrize(
    ("changes", "options", "expected"),
    [
        ({}, {"hazard": ["fire"]}, True),
        ({}, {"hazard": "fire"}, True),
        ({}, {"hazard": ["gas", "fire_lane"]}, False),
        ({"hazards": (Hazard.FIRE, Hazard.GAS)}, {"hazard": ["gas"]}, True),
        ({"hazard": Hazard.SELF_TEST}, {"severity": "notice"}, False),
        ({"severity": Severity.WARNING}, {}, False),
        ({"severity": Severity.WARNING}, {"severity": "warning"}, True),
        ({"severity": Severity.NOTICE}, {"severity": "warning"}, False),
        ({"severity": Severity.ALARM}, {"severity": "danger"}, False),
        ({"severity": Severity.DANGER}, {"severity": "danger"}, True),
        ({"severity": Severity.UNKNOWN}, {"severity": "danger"}, True),
    ],
)
async def test_hazard_and_severity_are_chosen(
    hass: HomeAssistant,
    gateway: FakeGateway,
    loaded: MockConfigEntry,
    changes: dict[str, Any],
    options: dict[str, Any],
    expected: bool,
) -> None:
    """Every hazard that joined counts, alarm and worse by default, and what this version does not know is worst."""
    await stands(hass, loaded, gateway, **changes)
    assert await holds(hass, OPEN, **options) is expected


async def test_a_compound_is_chosen(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """The compound's own device; what has no compound concerns every compound, and a flat's device is none."""
    bay, flat = device(hass, loaded, "bay"), device(hass, loaded, "f201")
    await stands(hass, loaded, gateway)
    assert await holds(hass, OPEN, device_id=[bay]) is True
    assert await holds(hass, OPEN, device_id=[flat]) is False
    assert await holds(hass, OPEN, device_id=["gone"]) is False
    await stands(hass, loaded, gateway, compound="elsewhere")
    assert await holds(hass, OPEN, device_id=[bay]) is False
    await stands(hass, loaded, gateway, compound="")
    assert await holds(hass, OPEN, device_id=[bay]) is True


async def test_unknown_is_not_no(hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry) -> None:
    """Without the gateway what was open is open still; that nothing is open cannot be said."""
    bay = device(hass, loaded, "bay")
    await stands(hass, loaded, gateway)
    await gateway.go_away()
    await eventually(hass, lambda: not loaded.runtime_data.connected)
    assert await holds(hass, OPEN) is True
    with pytest.raises(ConditionError, match="Demo"):
        await holds(hass, OPEN, hazard=["gas"])
    assert await hass.config_entries.async_unload(loaded.entry_id)
    with pytest.raises(ConditionError, match="Demo"):
        await holds(hass, OPEN, device_id=[bay])
    assert await holds(hass, OPEN, device_id=["of another gateway"]) is False


async def test_only_a_drill_that_surely_runs_is_one(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """Not before, not after its end, not elsewhere, not while the gateway is away: all else is real."""
    bay, flat = device(hass, loaded, "bay"), device(hass, loaded, "f201")
    assert await holds(hass, DRILL) is False
    facts = loaded.runtime_data.facts
    await gateway.say(drills=(values.Drill("bay", ZHANG, time.time() - 60, time.time() - 1),))
    await eventually(hass, lambda: bool(facts.drills))
    assert await holds(hass, DRILL) is False
    running = values.Drill("bay", ZHANG, time.time(), time.time() + 3600)
    await gateway.say(drills=(running,))
    await eventually(hass, lambda: facts.drills == {"bay": running})
    assert await holds(hass, DRILL) is True
    assert await holds(hass, DRILL, device_id=bay) is True
    assert await holds(hass, DRILL, device_id=[flat]) is False
    await gateway.go_away()
    await eventually(hass, lambda: not loaded.runtime_data.connected)
    assert facts.drills
    assert await holds(hass, DRILL) is False


async def test_every_gateway_must_be_connected(
    hass: HomeAssistant, gateway: FakeGateway, loaded: MockConfigEntry
) -> None:
    """One that is away, or that was never reached, makes it false; one that is disabled on purpose does not."""
    assert await holds(hass, CONNECTED) is True
    other = MockConfigEntry(domain=DOMAIN, unique_id="other", title="Other", data=dict(loaded.data))
    other.add_to_hass(hass)
    assert await holds(hass, CONNECTED) is False
    await hass.config_entries.async_remove(other.entry_id)
    await gateway.go_away()
    await eventually(hass, lambda: not loaded.runtime_data.connected)
    assert await holds(hass, CONNECTED) is False


async def test_a_saved_automation_is_valid_before_the_gateway_is_set_up(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Conditions are checked at start: without a gateway no drill, no link, and nobody can tell of incidents."""
    assert await holds(hass, DRILL, device_id=["compound"]) is False
    assert await holds(hass, CONNECTED) is False
    with pytest.raises(ConditionError):
        await holds(hass, OPEN)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (OPEN, {"hazard": ["self_test"]}),
        (OPEN, {"severity": "unknown"}),
        (DRILL, {"hazard": ["fire"]}),
        (CONNECTED, {"device_id": ["compound"]}),
    ],
)
async def test_wrong_options_are_refused(hass: HomeAssistant, name: str, options: dict[str, Any]) -> None:
    """When the automation is saved, not when it runs."""
    with pytest.raises(vol.Invalid):
        await holds(hass, name, **options)


async def test_the_editor_knows_every_condition(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Home Assistant reads what the editor offers from the same folder, and it offers all that a condition takes."""
    described = await async_get_all_descriptions(hass)
    assert {name for name in described if name.startswith(DOMAIN)} == {f"{DOMAIN}.{name}" for name in CONDITIONS}
    fields = described[f"{DOMAIN}.{OPEN}"]
    assert fields
    assert set(fields["fields"]) == {"hazard", "severity", "device_id"}
    offered = {name: fields["fields"][name]["selector"]["select"]["options"] for name in ("hazard", "severity")}
    assert (sorted(offered["hazard"]), offered["severity"]) == (sorted(HAZARDS), SEVERITIES)
