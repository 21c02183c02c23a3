"""Automations from the shipped blueprints, set up by Home Assistant's own loader."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed, async_mock_service

from custom_components.community_help.contract import values
from tests.integration.conftest import GATEWAY_ID, INCIDENT, FakeGateway, Settle

FOLDER = Path(__file__).parents[2] / "blueprints/automation/community_help"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))

EDGES = (
    "siren.turn_on",
    "siren.turn_off",
    "light.turn_on",
    "tts.speak",
    "valve.close_valve",
    "homeassistant.turn_on",
    "camera.snapshot",
    "notify.send_message",
    "persistent_notification.create",
    "community_help.tell_staff",
)
"""The outermost edge: entities of other integrations, and the action whose own tests are elsewhere."""


@pytest.fixture
def edges(hass: HomeAssistant) -> dict[str, list[ServiceCall]]:
    """What the automations called, by action; mocked once the real components are set up."""
    return {name: async_mock_service(hass, *name.split(".")) for name in EDGES}


@pytest.fixture
def shipped(hass: HomeAssistant, tmp_path: Path) -> None:
    """A configuration folder with the shipped blueprints, as a user copies them."""
    hass.config.config_dir = str(tmp_path)
    target = tmp_path / "blueprints/automation/community_help"
    target.mkdir(parents=True)
    for file in FOLDER.glob("*.yaml"):
        (target / file.name).write_bytes(file.read_bytes())


async def automate(hass: HomeAssistant, blueprint: str, **inputs: Any) -> None:
    """An automation from a blueprint; fails unless Home Assistant takes it as valid."""
    use = {"path": f"community_help/{blueprint}.yaml", "input": inputs}
    config = {"id": blueprint, "alias": blueprint, "use_blueprint": use}
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: [config]})
    await hass.async_block_till_done()
    state = hass.states.get(f"automation.{blueprint}")
    assert state, "the automation was not set up"
    assert state.state == "on", f"{state}"


async def happen(
    hass: HomeAssistant,
    gateway: FakeGateway,
    settle: Settle,
    kind: values.IncidentEventKind,
    incident: values.Incident,
    *pages: values.Page,
    detail: str = "",
) -> None:
    """The gateway tells what happened to an incident, and every automation has run as far as it gets without time."""
    coordinator = hass.config_entries.async_entries("community_help")[0].runtime_data
    await settle(lambda: coordinator.fence == 1)
    member = incident.members[0] if incident.members else None
    event = values.IncidentEvent(gateway.number + 1, 1000.0, kind, incident, None, member, detail)
    await gateway.say(events=(event,), pages=pages)
    await until(lambda: coordinator._followed.cursor.number == gateway.number)
    await turns()


async def turns() -> None:
    """What needs no time is done; an automation may go on waiting, for which Home Assistant's own help would wait."""
    for _ in range(200):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Wait, by turns of the loop, until a condition holds; a real clock only ends a hopeless wait."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0)


async def elapse(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Time passes for whoever waits."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await turns()


def compound(hass: HomeAssistant, entry: MockConfigEntry, own_id: str = "bay") -> str:
    """The device of a compound, or of any device of the gateway."""
    key = ("community_help", f"{GATEWAY_ID}_{own_id}")
    found = dr.async_get(hass).async_get_device_by_identifier(key, entry.entry_id)
    assert found
    return found.id


def incident_of(hazard: values.Hazard, device: str, point: str, place: str, **more: Any) -> values.Incident:
    """An incident of one detector."""
    member = values.Member(point, device, place, 1, 1000.0)
    return replace(INCIDENT, hazard=hazard, place=place, members=(member,), hazards=(hazard,), **more)
