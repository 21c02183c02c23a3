"""Triggers and the condition on duty, as automations use them."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.community_help.contract import values
from custom_components.community_help.duty import DUTIES
from custom_components.community_help.plan import StandIn
from tests.integration.conftest import GATEWAY_ID, INCIDENT, FakeGateway, eventually
from tests.integration.duty_world import DAYS, add_member, add_schedules, at, edit_schedule, week

SHANGHAI = ZoneInfo("Asia/Shanghai")
WANTED = ("person", "person_id", "next", "ends_at", "open_incidents", "incidents")


class Desk:
    """Automations about duty, and what they were told."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, freezer: Any) -> None:
        """Nobody is there yet."""
        self.hass, self.entry, self.freezer = hass, entry, freezer
        self.told = async_capture_events(hass, "told")
        self.ids: dict[str, str] = {}

    async def automate(self, trigger: str, **options: Any) -> None:
        """An automation that repeats what its trigger says."""
        data = {key: f"{{{{ trigger.{key} }}}}" for key in WANTED}
        config = {
            "triggers": [{"trigger": f"community_help.{trigger}", "options": options}],
            "actions": [{"event": "told", "event_data": data}],
        }
        assert await async_setup_component(self.hass, "automation", {"automation": config})
        await self.hass.async_block_till_done()

    async def at(self, hour: int, minute: int = 0, day: int = 23) -> list[dict[str, Any]]:
        """What was told until then, since the last time."""
        self.told.clear()
        await at(self.hass, self.freezer, datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI))
        return [dict(event.data) for event in self.told]

    def device(self, key: str) -> str:
        """The device of a compound or a member."""
        known = ("community_help", f"{GATEWAY_ID}_{key}")
        found = dr.async_get(self.hass).async_get_device_by_identifier(known, self.entry.entry_id)
        assert found, key
        return found.id


@pytest.fixture
async def desk(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: FakeGateway, freezer: Any, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """Monday, seven o'clock: 张三 has the day in the bay, 李四 the evening, 王五 mornings in the garden."""
    monkeypatch.setattr("custom_components.community_help.client.HEARTBEAT_SECONDS", None)
    await hass.config.async_set_time_zone(str(SHANGHAI))
    freezer.move_to(datetime(2026, 11, 23, 7, tzinfo=SHANGHAI))
    gateway.compounds = (values.Compound("bay", "清水湾"), values.Compound("garden", "花园"))
    gateway.incidents = (
        INCIDENT,
        replace(INCIDENT, id="ep-2", compound="garden", compound_name="花园", place="花园 3号楼"),
        replace(INCIDENT, id="ep-3", hazard=values.Hazard.SELF_TEST),
    )
    await add_schedules(
        hass,
        day=week(DAYS, ("08:00", "20:00")),
        evening=week(DAYS, ("20:00", "24:00")),
        morning=week(DAYS, ("09:00", "09:10")),
    )
    found = Desk(hass, entry, freezer)
    for name, places, plan in (("张三", "bay", "day"), ("李四", "bay", "evening"), ("王五", "garden", "morning")):
        found.ids[name] = add_member(hass, entry, name, compounds=[places], schedules=[f"schedule.{plan}"])
    add_member(hass, entry, "常", tier=2, compounds=["bay"])
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await eventually(hass, lambda: entry.runtime_data.fence == 1)
    return found


async def test_a_shift_that_begins_triggers(desk: Desk) -> None:
    """Once for each, with what the next one needs to know; who is always on duty has no shifts."""
    await desk.automate("shift_started")
    assert await desk.at(7, 59) == []
    (told,) = await desk.at(8)
    assert told == {
        "person": "张三",
        "person_id": desk.ids["张三"],
        "next": ["李四", "常"],
        "ends_at": "2026-11-23T20:00:00+08:00",
        "open_incidents": 1,
        "incidents": ["FIRE ALARM: 清水湾 1号楼 2 201 烟感"],
    }
    (told,) = await desk.at(9)
    assert (told["person"], told["next"], told["incidents"]) == ("王五", [], ["FIRE ALARM: 花园 3号楼"])
    assert [told["person"] for told in await desk.at(20)] == ["李四"]
    assert await desk.at(23) == []
    assert [told["person"] for told in await desk.at(8, day=24)] == ["张三"]


async def test_a_shift_that_ends_soon_triggers(desk: Desk) -> None:
    """A quarter of an hour before, unless said otherwise; a shorter shift at its beginning."""
    await desk.automate("shift_ending")
    assert [told["person"] for told in await desk.at(9)] == ["王五"]
    assert await desk.at(19, 44) == []
    (told,) = await desk.at(19, 45)
    assert (told["person"], told["next"], told["ends_at"]) == ("张三", ["李四", "常"], "2026-11-23T20:00:00+08:00")
    assert await desk.at(19, 59) == []


async def test_how_long_before_and_where_can_be_chosen(desk: Desk) -> None:
    """A duration as the user interface gives it, and compounds by device."""
    await desk.automate("shift_ending", before={"hours": 1}, device_id=[desk.device("bay")])
    assert await desk.at(9) == []
    assert [told["person"] for told in await desk.at(19)] == ["张三"]


async def test_a_moved_shift_moves_its_triggers(desk: Desk) -> None:
    """An edit while the automation waits; a hand-over begins a shift at once."""
    await desk.automate("shift_started")
    await desk.at(8)
    await edit_schedule(desk.hass, "update", schedule_id="evening", name="evening", **week(DAYS, ("18:00", "24:00")))
    await desk.at(8, 1)
    desk.freezer.move_to(datetime(2026, 11, 23, 8, 2, tzinfo=SHANGHAI))
    duty = desk.hass.data[DUTIES][desk.entry.entry_id]
    start = datetime(2026, 11, 23, 8, 2, tzinfo=SHANGHAI).timestamp()
    desk.told.clear()
    await duty.async_stand_in(StandIn(desk.ids["李四"], desk.ids["张三"], (), start, start + 3600))
    await desk.hass.async_block_till_done()
    assert [event.data["person"] for event in desk.told] == ["李四"]
    assert [told["person"] for told in await desk.at(9)] == ["王五"]
    assert [told["person"] for told in await desk.at(9, 2)] == ["张三"]
    assert [told["person"] for told in await desk.at(18)] == ["李四"]
    assert await desk.at(20) == []


async def test_the_horizon_is_no_end_of_a_shift(desk: Desk) -> None:
    """Somebody who may have leave, but has none, is on duty beyond it; nobody must prepare for it."""
    await add_schedules(desk.hass, leave={})
    add_member(desk.hass, desk.entry, "赵六", away=["schedule.leave"])
    await desk.hass.async_block_till_done()
    await desk.at(8, 30)
    until = datetime.fromtimestamp(desk.hass.data[DUTIES][desk.entry.entry_id].until or 0, SHANGHAI)
    before = until - datetime(2026, 11, 23, 8, 45, tzinfo=SHANGHAI)
    await desk.automate("shift_ending", before={"seconds": before.total_seconds()})
    assert await desk.at(8, 45) == []


async def test_an_automation_that_is_switched_off_waits_for_nothing(desk: Desk) -> None:
    """Neither its timer nor duty calls it."""
    await desk.automate("shift_started")
    await desk.hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.automation_0"}, blocking=True
    )
    assert await desk.at(8) == []


async def test_the_condition_knows_who_is_on_duty(desk: Desk) -> None:
    """One of the members, or anybody in one of the compounds."""

    async def so(*keys: str) -> bool:
        devices = [desk.device(key) for key in keys]
        config = {
            "triggers": [{"trigger": "event", "event_type": "ask"}],
            "conditions": [{"condition": "community_help.is_on_duty", "options": {"device_id": devices}}],
            "actions": [{"event": "told"}],
        }
        with patch("homeassistant.config.load_yaml_config_file", return_value={"automation": config}):
            await desk.hass.services.async_call("automation", "reload", blocking=True)
        desk.told.clear()
        desk.hass.bus.async_fire("ask")
        await desk.hass.async_block_till_done()
        return bool(desk.told)

    assert await async_setup_component(desk.hass, "automation", {})
    zhang, wang = f"staff_{desk.ids['张三']}", f"staff_{desk.ids['王五']}"
    assert [await so(zhang), await so(wang), await so("bay"), await so("garden")] == [False, False, True, False]
    await desk.at(8)
    assert [await so(zhang), await so(wang), await so(wang, zhang)] == [True, False, True]
    await desk.at(9)
    assert [await so(wang), await so("garden")] == [True, True]
