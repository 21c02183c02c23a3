"""The station's blueprints: left on, filter due, the first-aid cabinet, opening and closing."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.integration.blueprinting import automate, compound, edges, elapse, shipped, turns, until
from tests.integration.conftest import DEVICES, FakeGateway
from tests.integration.entity_world import entity, state
from tests.integration.station_world import STATION

__all__ = ["edges", "shipped"]
pytestmark = pytest.mark.usefixtures("shipped")

type Edges = dict[str, list[ServiceCall]]


class Love:
    """The station, as the gateway tells it."""

    def __init__(self, hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> None:
        """Everything is there."""
        self.hass = hass
        self.entry = entry
        self._gateway = gateway

    async def say(self, point: str, **changes: Any) -> None:
        """A point says something, and every automation has run as far as it gets without time."""
        new = replace(self._gateway.states[point], **changes)
        await self._gateway.say(states=(new,))
        await until(lambda: self.entry.runtime_data.states[point] == new)
        await turns()


@pytest.fixture
async def love(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> Love:
    """The station is closed, nothing runs, the filters are new."""
    gateway.devices = (*DEVICES, *STATION)
    gateway.all_normal()
    for point, left in (("tap.filter_days", 180.0), ("tap.filter_litres", 2000.0)):
        gateway.states[point] = replace(gateway.states[point], value=left)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return Love(hass, gateway, entry)


async def test_an_appliance_that_runs_for_too_long_is_told(
    hass: HomeAssistant, love: Love, edges: Edges, freezer: FrozenDateTimeFactory
) -> None:
    """Once, to the staff of the compound, by the appliance's name."""
    await automate(
        hass, "appliance_left_on", appliances=[entity(hass, "oven_running")], recipients=[compound(hass, love.entry)]
    )
    await love.say("oven.running", on=True)
    await elapse(hass, freezer, 29 * 60)
    assert not edges["community_help.tell_staff"]
    await elapse(hass, freezer, 61)
    await elapse(hass, freezer, 3600)
    (call,) = edges["community_help.tell_staff"]
    assert call.data["title"].startswith("电器未关：")
    assert "oven" in call.data["title"]
    assert call.data["message"] == "已运行超过 30 分钟。"


async def test_an_appliance_that_stopped_in_time_is_not_told(
    hass: HomeAssistant, love: Love, edges: Edges, freezer: FrozenDateTimeFactory
) -> None:
    """Also not by adding up two runs."""
    await automate(hass, "appliance_left_on", appliances=[entity(hass, "oven_running")])
    for _ in range(2):
        await love.say("oven.running", on=True)
        await elapse(hass, freezer, 20 * 60)
        await love.say("oven.running", on=False)
    await elapse(hass, freezer, 3600)
    assert not edges["persistent_notification.create"]


@pytest.mark.parametrize(
    ("days", "litres", "lines"),
    [
        (180.0, 2000.0, []),
        (14.0, 2000.0, ["14 days left"]),
        (180.0, 99.5, ["99 litres left"]),
        (0.0, 0.0, ["0 days left", "0 litres left"]),
        (None, None, []),
    ],
)
async def test_a_filter_that_is_nearly_used_up_is_told_in_the_morning(
    hass: HomeAssistant,
    love: Love,
    edges: Edges,
    freezer: FrozenDateTimeFactory,
    days: float | None,
    litres: float | None,
    lines: list[str],
) -> None:
    """With defaults all filters; what is unknown is not due."""
    freezer.move_to(datetime(2026, 12, 2, 8, 59, tzinfo=dt_util.get_default_time_zone()))
    await automate(hass, "water_filter_due", language="en")
    await love.say("tap.filter_days", value=days)
    await love.say("tap.filter_litres", value=litres)
    await elapse(hass, freezer, 61)
    calls = edges["persistent_notification.create"]
    told = [line.rpartition(": ")[2] for call in calls for line in call.data["message"].splitlines()]
    assert sorted(told) == sorted(lines)


async def test_an_opened_cabinet_is_told(hass: HomeAssistant, love: Love, edges: Edges) -> None:
    """A door that comes back from unavailable was not opened."""
    inputs = {"doors": [entity(hass, "box_door")], "recipients": [compound(hass, love.entry)], "language": "en"}
    await automate(hass, "first_aid_cabinet", **inputs)
    await love.say("box.door", on=True)
    (call,) = edges["community_help.tell_staff"]
    assert call.data["message"] == "Opened. Please check what is in it."
    await love.say("box.door", available=False)
    await love.say("box.door", available=True)
    assert len(edges["community_help.tell_staff"]) == 1


async def test_what_runs_short_is_told_by_name(hass: HomeAssistant, love: Love, edges: Edges) -> None:
    """As soon as somebody writes it down."""
    await automate(hass, "first_aid_cabinet", contents=[entity(hass, "box_wanting")])
    own = {"entity_id": entity(hass, "box_contents", "todo"), "item": "绷带"}
    await hass.services.async_call("todo", "add_item", {**own, "description": "2/2"}, blocking=True)
    await turns()
    assert not edges["persistent_notification.create"]
    await hass.services.async_call("todo", "update_item", {**own, "description": "1/2"}, blocking=True)
    await turns()
    assert state(hass, "box_wanting") == "on"
    (call,) = edges["persistent_notification.create"]
    assert call.data["message"] == "不足或过期：绷带"


async def test_the_lights_follow_the_hours(hass: HomeAssistant, love: Love, edges: Edges) -> None:
    """And so does whatever else was asked for; a gateway that comes back changes nothing."""
    off, scene = async_mock_service(hass, "light", "turn_off"), async_mock_service(hass, "scene", "turn_on")
    await automate(
        hass,
        "station_hours",
        station=entity(hass, "love_open"),
        lights=["light.love"],
        opening=[{"action": "scene.turn_on", "target": {"entity_id": "scene.morning"}}],
        closing=[{"action": "scene.turn_on", "target": {"entity_id": "scene.night"}}],
    )
    await love.say("love.open", on=True)
    assert [call.data["entity_id"] for call in edges["light.turn_on"]] == [["light.love"]]
    await love.say("love.open", available=False)
    await love.say("love.open", available=True)
    assert not off
    await love.say("love.open", on=False)
    assert [call.data["entity_id"] for call in off] == [["light.love"]]
    assert [call.data["entity_id"] for call in scene] == [["scene.morning"], ["scene.night"]]


@pytest.mark.parametrize("name", ["appliance_left_on", "water_filter_due", "first_aid_cabinet", "station_hours"])
@pytest.mark.usefixtures("love", "edges")
async def test_a_form_that_nobody_filled_in_is_valid(hass: HomeAssistant, name: str) -> None:
    """What is not chosen is not done."""
    await automate(hass, name)


async def run_by_hand(hass: HomeAssistant, blueprint: str) -> None:
    """As the editor's "run" does, which keeps the conditions."""
    own = {"entity_id": f"automation.{blueprint}", "skip_condition": False}
    await hass.services.async_call("automation", "trigger", own, blocking=True)
    await turns()


async def test_run_by_hand_it_tells_what_runs_now(hass: HomeAssistant, love: Love, edges: Edges) -> None:
    """Of all appliances of Community Help if none was chosen; nothing is told where nothing runs."""
    await automate(hass, "appliance_left_on", language="en")
    await run_by_hand(hass, "appliance_left_on")
    assert not edges["persistent_notification.create"]
    await love.say("oven.running", on=True)
    await run_by_hand(hass, "appliance_left_on")
    (call,) = edges["persistent_notification.create"]
    assert (call.data["title"], call.data["message"]) == ("Left on: oven", "Running now.")


@pytest.mark.usefixtures("love")
async def test_run_by_hand_it_tells_what_runs_short(hass: HomeAssistant, edges: Edges) -> None:
    """In all cabinets if none was chosen; nothing is told of a full one."""
    await automate(hass, "first_aid_cabinet")
    own = {"entity_id": entity(hass, "box_contents", "todo"), "item": "绷带"}
    await hass.services.async_call("todo", "add_item", {**own, "description": "2/2"}, blocking=True)
    await run_by_hand(hass, "first_aid_cabinet")
    assert not edges["persistent_notification.create"]
    await hass.services.async_call("todo", "update_item", {**own, "description": "0/2"}, blocking=True)
    await run_by_hand(hass, "first_aid_cabinet")
    (call,) = edges["persistent_notification.create"]
    assert call.data["message"] == "不足或过期：绷带"


async def test_run_by_hand_the_lights_are_as_the_hours_say(hass: HomeAssistant, love: Love, edges: Edges) -> None:
    """Somebody who just filled in the form sees what it will do."""
    await love.say("love.open", on=True)
    await automate(hass, "station_hours", station=entity(hass, "love_open"), lights=["light.love"])
    await run_by_hand(hass, "station_hours")
    assert [call.data["entity_id"] for call in edges["light.turn_on"]] == [["light.love"]]
