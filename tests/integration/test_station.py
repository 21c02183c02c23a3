"""A station in Home Assistant: appliances and room, sessions that are refused in words, and the first-aid cabinet."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.community_help.contract import commands, messages
from custom_components.community_help.contract.values import PointKind as Point
from tests.integration.conftest import DEVICES, FakeGateway, eventually
from tests.integration.entity_world import attribute, entity, full_state, registered, state, until
from tests.integration.station_world import STATION


@pytest.fixture
async def station(hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry) -> MockConfigEntry:
    """The station is open and everything is off."""
    gateway.devices = (*DEVICES, *STATION)
    gateway.all_normal()
    await say(gateway, "oven.ends", value=None)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def say(gateway: FakeGateway, point: str, **changes: Any) -> None:
    """A point says something."""
    await gateway.say(states=(replace(gateway.states[point], **changes),))


async def press(hass: HomeAssistant, key: str) -> None:
    """Somebody presses a button."""
    await hass.services.async_call("button", "press", {"entity_id": entity(hass, key, "button")}, blocking=True)


def test_every_kind_is_one_that_the_tests_know() -> None:
    """What is new in the contract gets entities, and a test."""
    ours = {point.kind for item in (*DEVICES, *STATION) for point in item.points}
    assert set(Point) - ours == {Point.SMOKE, Point.CALL_POINT, Point.GAS, Point.SYSTEM, Point.UNKNOWN} - ours


@pytest.mark.usefixtures("station")
async def test_an_appliance_shows_what_it_does_and_until_when(hass: HomeAssistant, gateway: FakeGateway) -> None:
    """The end is a time, which is written once and not every second."""
    assert state(hass, "oven_ends", "sensor") == "unknown"
    await say(gateway, "oven.running", on=True)
    await say(gateway, "oven.ends", value=1795397715.0)
    await say(gateway, "oven.power", value=861.4)
    await say(gateway, "oven.energy", value=12.25)
    await say(gateway, "oven.sessions", value=7.0)
    await until(hass, "oven_sessions", "7.0", "sensor")
    assert state(hass, "oven_running") == "on"
    assert state(hass, "oven_ends", "sensor") == datetime.fromtimestamp(1795397715, UTC).isoformat()
    assert (state(hass, "oven_power", "sensor"), state(hass, "oven_energy", "sensor")) == ("861.4", "12.25")
    assert attribute(hass, "oven_energy", "state_class", "sensor") == "total_increasing"


@pytest.mark.usefixtures("station")
async def test_the_room_and_its_water_are_shown(hass: HomeAssistant, gateway: FakeGateway) -> None:
    """Open, people (whole ones), temperature, door, leak, dispensing and what is left of the filter."""
    for point, said in (
        ("love.open", {"on": True}),
        ("love.temperature", {"value": 21.5}),
        ("love.people", {"value": 3.0}),
        ("love.door", {"on": True}),
        ("floor.leak", {"on": True, "alarm": True}),
        ("tap.dispensing", {"on": True}),
        ("tap.filter_days", {"value": 12.0}),
        ("tap.filter_litres", {"value": 340.5}),
    ):
        await say(gateway, point, **said)
    await until(hass, "tap_filter_litres", "340.5", "sensor")
    assert {
        key: state(hass, key) for key in ("love_open", "love_door", "floor_leak", "tap_dispensing")
    } == dict.fromkeys(("love_open", "love_door", "floor_leak", "tap_dispensing"), "on")
    assert state(hass, "love_temperature", "sensor") == "21.5"
    assert state(hass, "love_people", "sensor") == "3.0"
    people = er.async_get(hass).async_get(entity(hass, "love_people", "sensor"))
    assert people is not None
    assert people.options["sensor"]["suggested_display_precision"] == 0
    assert state(hass, "tap_filter_days", "sensor") == "12.0"


@pytest.mark.usefixtures("station")
async def test_a_relay_that_stays_on_is_unsafe(hass: HomeAssistant, gateway: FakeGateway) -> None:
    """What the gateway turned off and could not prove to be off."""
    assert state(hass, "oven_stays_on") == "off"
    await say(gateway, "oven.relay", on=True, alarm=True)
    await until(hass, "oven_stays_on", "on")
    assert attribute(hass, "oven_stays_on", "device_class") == "safety"


async def test_only_what_there_is_has_an_entity(hass: HomeAssistant, station: MockConfigEntry) -> None:
    """An appliance without sessions has no button; an appliance of an older site file is a switch and a problem."""
    found = registered(hass, station)
    assert {key for key in found if key.startswith("water_")} == {"water_relay", "water_problem"}
    assert "tap_session" not in found
    assert {"oven_session", "tap_new_filter", "box_contents", "box_opened_at", "box_checked_at", "box_wanting"} <= found


@pytest.mark.usefixtures("station")
async def test_the_button_begins_a_session_in_the_gateway(hass: HomeAssistant, gateway: FakeGateway) -> None:
    """And a new filter is told there, too."""
    await press(hass, "oven_session")
    assert gateway.bodies(commands.StartSession) == [commands.StartSession("oven.relay")]
    await press(hass, "tap_new_filter")
    assert gateway.bodies(commands.ChangeFilter) == [commands.ChangeFilter("tap.filter_days")]


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize("code", ["station_closed", "leaking", "session_runs", "no_session"])
async def test_a_refused_session_says_why_in_the_persons_language(
    hass: HomeAssistant, gateway: FakeGateway, code: str
) -> None:
    """Not in the gateway's."""
    gateway.answer = lambda command: messages.Outcome(command.key, False, code, "words of the gateway")
    with pytest.raises(HomeAssistantError) as caught:
        await press(hass, "oven_session")
    assert caught.value.translation_key == code


class Cabinet:
    """The to-do list of the first-aid cabinet, as a person uses it."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Of the station."""
        self._hass = hass

    async def do(self, service: str, **data: Any) -> None:
        """One action."""
        data["entity_id"] = entity(self._hass, "box_contents", "todo")
        await self._hass.services.async_call("todo", service, data, blocking=True)

    async def items(self) -> dict[str, dict[str, Any]]:
        """What is in it, by name."""
        own = entity(self._hass, "box_contents", "todo")
        found: Any = await self._hass.services.async_call(
            "todo", "get_items", {"entity_id": own}, blocking=True, return_response=True
        )
        return {item["summary"]: item for item in found[own]["items"]}


@pytest.fixture
async def cabinet(hass: HomeAssistant, station: MockConfigEntry) -> Cabinet:
    """With bandages and burn gel in it."""
    cabinet = Cabinet(hass)
    await cabinet.do("add_item", item="绷带", description="3/2")
    await cabinet.do("add_item", item="烫伤膏", description="1", due_date="2027-01-31")
    return cabinet


async def test_what_is_in_the_cabinet_is_a_list_with_stock_and_expiry(cabinet: Cabinet) -> None:
    """Everything is to be checked at first."""
    items = await cabinet.items()
    assert {name: item["status"] for name, item in items.items()} == dict.fromkeys(("绷带", "烫伤膏"), "needs_action")
    assert items["烫伤膏"]["due"] == "2027-01-31"
    assert items["绷带"]["description"] == "3/2"
    await cabinet.do("remove_item", item=["绷带"])
    assert list(await cabinet.items()) == ["烫伤膏"]


async def test_the_last_tick_says_when_it_was_checked(hass: HomeAssistant, cabinet: Cabinet) -> None:
    """Not the first; and an opened door asks for the next check."""
    await cabinet.do("update_item", item="绷带", status="completed")
    assert state(hass, "box_checked_at", "sensor") == "unknown"
    await cabinet.do("update_item", item="烫伤膏", status="completed")
    assert state(hass, "box_checked_at", "sensor") != "unknown"


async def test_an_opened_door_begins_a_new_round(hass: HomeAssistant, gateway: FakeGateway, cabinet: Cabinet) -> None:
    """When is shown, and everything is to be checked again."""
    await cabinet.do("update_item", item="绷带", status="completed")
    assert state(hass, "box_opened_at", "sensor") == "unknown"
    await say(gateway, "box.door", on=True)
    await eventually(hass, lambda: state(hass, "box_opened_at", "sensor") != "unknown")
    assert {item["status"] for item in (await cabinet.items()).values()} == {"needs_action"}


async def test_a_door_that_was_open_already_was_not_opened(
    hass: HomeAssistant, gateway: FakeGateway, cabinet: Cabinet
) -> None:
    """A gateway that comes back says how the door stands, not that somebody came."""
    await say(gateway, "box.door", available=False, on=None)
    await say(gateway, "box.door", available=True, on=True)
    await until(hass, "box_door", "on")
    assert state(hass, "box_opened_at", "sensor") == "unknown"


@pytest.mark.parametrize(
    ("change", "wanting"),
    [
        ({"description": "2/2"}, []),
        ({"description": "1/2"}, ["绷带"]),
        ({"description": "第二层\n0"}, ["绷带"]),
        ({"description": "two"}, []),
        ({"due_date": "2026-11-22"}, ["绷带"]),
        ({"due_date": "2026-11-23"}, []),
    ],
)
async def test_what_expired_or_runs_short_is_a_problem(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, cabinet: Cabinet, change: dict[str, str], wanting: list[str]
) -> None:
    """With the names of what has to be bought."""
    freezer.move_to("2026-11-23 12:00:00+00:00")
    await cabinet.do("update_item", item="绷带", **change)
    assert state(hass, "box_wanting") == ("on" if wanting else "off")
    assert attribute(hass, "box_wanting", "items") == wanting


async def test_what_expires_in_the_night_is_seen_in_the_morning(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, cabinet: Cabinet
) -> None:
    """Without anybody touching the list."""
    assert state(hass, "box_wanting") == "off"
    freezer.move_to("2027-02-01 12:00:00+00:00")
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    freezer.move_to("2027-02-02 12:00:00+00:00")
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert state(hass, "box_wanting") == "on"


async def test_the_list_outlives_a_restart_and_a_gateway_that_is_away(
    hass: HomeAssistant, gateway: FakeGateway, station: MockConfigEntry, cabinet: Cabinet
) -> None:
    """It is Home Assistant's own."""
    await cabinet.do("update_item", item="绷带", status="completed")
    await cabinet.do("update_item", item="烫伤膏", status="completed")
    checked = state(hass, "box_checked_at", "sensor")
    assert await hass.config_entries.async_reload(station.entry_id)
    await hass.async_block_till_done()
    assert {item["status"] for item in (await cabinet.items()).values()} == {"completed"}
    assert state(hass, "box_checked_at", "sensor") == checked
    await gateway.go_away()
    await until(hass, "box_door", "unavailable")
    assert full_state(hass, "box_contents", "todo").state == "0"


async def test_the_order_is_a_persons_own(
    hass: HomeAssistant, cabinet: Cabinet, hass_ws_client: Callable[..., Any]
) -> None:
    """By dragging in the list."""
    uids = {name: item["uid"] for name, item in (await cabinet.items()).items()}
    client = await hass_ws_client(hass)
    own = entity(hass, "box_contents", "todo")
    await client.send_json_auto_id({"type": "todo/item/move", "entity_id": own, "uid": uids["烫伤膏"]})
    assert (await client.receive_json())["success"]
    assert list(await cabinet.items()) == ["烫伤膏", "绷带"]
