"""What an assistant may ask, through Home Assistant's own Assist API."""

import json
from dataclasses import replace
from typing import Any

import pytest
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er, llm
from homeassistant.helpers.json import json_dumps
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help.const import DOMAIN
from custom_components.community_help.contract import values
from custom_components.community_help.llm import MOST
from tests.integration.conftest import GATEWAY_ID, INCIDENT, FakeGateway, add_staff, eventually, smoke_alarm

ASKER = llm.LLMContext("test", Context(), "zh-Hans", "conversation", None)
INCIDENTS, DUTY, SILENT = "get_open_incidents", "get_staff_on_duty", "get_silent_detectors"


@pytest.fixture
async def assist(hass: HomeAssistant) -> None:
    """Assist is there."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})


def expose(hass: HomeAssistant, *, exposed: bool = True) -> None:
    """The user exposes the compound's incident entity to Assist, or no longer."""
    entity = er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{GATEWAY_ID}_bay_incident")
    assert entity
    async_expose_entity(hass, "conversation", entity, exposed)


async def tools(hass: HomeAssistant) -> dict[str, llm.Tool]:
    """Our tools by name, as an assistant gets them."""
    instance = await llm.async_get_api(hass, "assist", ASKER)
    return {tool.name: tool for tool in instance.tools if tool.name.startswith(DOMAIN)}


async def ask(hass: HomeAssistant, name: str) -> Any:
    """A tool's answer, as it is sent on."""
    tool = (await tools(hass))[f"{DOMAIN}__{name}"]
    answer = await tool.async_call(hass, llm.ToolInput(tool.name, {}), ASKER)
    assert isinstance(answer, llm.ToolResult)
    assert not answer.error
    return json.loads(json_dumps(answer.data))


async def test_nothing_is_told_of_what_is_not_exposed(
    hass: HomeAssistant, assist: None, loaded: MockConfigEntry
) -> None:
    """By default there are no tools; what is hidden again is hidden from a tool that is kept, too."""
    assert await tools(hass) == {}
    expose(hass)
    kept = (await tools(hass))[f"{DOMAIN}__{DUTY}"]
    expose(hass, exposed=False)
    assert await tools(hass) == {}
    answer = await kept.async_call(hass, llm.ToolInput(kept.name, {}), ASKER)
    assert isinstance(answer, llm.ToolResult)
    assert answer.data["compounds"] == []


async def test_tools_keep_home_assistants_contract(
    hass: HomeAssistant, assist: None, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Named after the integration, marked as reading only, and explained to the assistant."""
    expose(hass)
    found = await tools(hass)
    assert set(found) == {f"{DOMAIN}__{name}" for name in (INCIDENTS, DUTY, SILENT)}
    for tool in found.values():
        assert (tool.annotations.read_only, tool.annotations.destructive) == (True, False)
        assert tool.integration == DOMAIN
        assert tool.title
        assert tool.description
    instance = await llm.async_get_api(hass, "assist", ASKER)
    assert "gateways_away" in instance.api_prompt
    assert "LLM tool" not in caplog.text


async def test_open_incidents_come_worst_first(
    hass: HomeAssistant, gateway: FakeGateway, assist: None, entry: MockConfigEntry
) -> None:
    """Of exposed compounds and of none in particular; self-tests and other compounds are left out."""
    gateway.incidents = (
        replace(INCIDENT, id="ep-1", severity=values.Severity.WARNING, owner=values.Person("z", "张三")),
        replace(INCIDENT, id="ep-2", severity=values.Severity.DANGER, place="清水湾 2号楼"),
        replace(INCIDENT, id="ep-3", hazard=values.Hazard.SELF_TEST),
        replace(INCIDENT, id="ep-4", compound="elsewhere"),
        replace(INCIDENT, id="ep-5", compound="", compound_name="", hazard=values.Hazard.UNPLACED),
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    expose(hass)
    found = await ask(hass, INCIDENTS)
    assert [item["severity"] for item in found["incidents"]] == ["danger", "alarm", "warning"]
    assert [item["owner"] for item in found["incidents"]] == [None, None, "张三"]
    assert found["incidents"][0]["place"] == "清水湾 2号楼"
    assert (found["total"], found["not_shown"], found["gateways_away"]) == (3, 0, [])


async def test_answers_are_bounded(
    hass: HomeAssistant, gateway: FakeGateway, assist: None, entry: MockConfigEntry
) -> None:
    """Three thousand rows would fill an assistant's memory; the rest is counted."""
    gateway.incidents = tuple(replace(INCIDENT, id=f"ep-{number}") for number in range(MOST + 7))
    assert await hass.config_entries.async_setup(entry.entry_id)
    expose(hass)
    found = await ask(hass, INCIDENTS)
    assert (len(found["incidents"]), found["total"], found["not_shown"]) == (MOST, MOST + 7, 7)


@pytest.mark.usefixtures("phones")
async def test_who_is_on_duty_is_told_without_a_phone(
    hass: HomeAssistant, assist: None, loaded: MockConfigEntry
) -> None:
    """Names and tiers by compound; a compound without anybody is named, too."""
    expose(hass)
    assert (await ask(hass, DUTY))["compounds"] == [{"compound": "清水湾", "on_duty": []}]
    add_staff(hass, loaded, "李四", 2, "one", "bay")
    add_staff(hass, loaded, "张三", 1, "dead")
    add_staff(hass, loaded, "王五", 1, "one", "elsewhere")
    found = await ask(hass, DUTY)
    on_duty = [{"name": "张三", "tier": 1}, {"name": "李四", "tier": 2}]
    assert found["compounds"] == [{"compound": "清水湾", "on_duty": on_duty}]


async def test_silent_detectors_are_told_with_place_and_cause(
    hass: HomeAssistant, gateway: FakeGateway, assist: None, loaded: MockConfigEntry
) -> None:
    """Only those of which nothing is heard."""
    expose(hass)
    silent = values.PointState("f201.smoke", False, alarm=False, problems=("offline",))
    partly = values.PointState("septic.ch4", False, problems=("sensor_suspect",))
    await gateway.say(states=(silent, partly))
    await eventually(hass, lambda: not loaded.runtime_data.states["septic.ch4"].available)
    found = await ask(hass, SILENT)
    assert found["total"] == 1
    assert found["detectors"][0] == {
        "name": "烟感",
        "kind": "smoke_alarm",
        "compound": "清水湾",
        "building": "1号楼",
        "floor": "2",
        "flat": "201",
        "causes": ["offline"],
    }


async def test_a_gateway_that_is_away_is_named(
    hass: HomeAssistant, gateway: FakeGateway, assist: None, loaded: MockConfigEntry
) -> None:
    """An assistant must not conclude that all is well."""
    expose(hass)
    assert smoke_alarm("201").id in loaded.runtime_data.devices
    await gateway.go_away()
    await eventually(hass, lambda: not loaded.runtime_data.connected)
    for name in (INCIDENTS, DUTY, SILENT):
        assert (await ask(hass, name))["gateways_away"] == ["Demo"]
