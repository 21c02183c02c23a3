"""Duty as it is resolved: from schedules and calendars, over restarts, and when they cannot be read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.community_help import plan, timetables
from custom_components.community_help.contract import commands, values
from custom_components.community_help.duty import DUTIES, Duty
from tests.integration.conftest import FakeGateway, eventually
from tests.integration.duty_world import (
    DAYS,
    add_calendar,
    add_event,
    add_member,
    add_schedules,
    at,
    edit_schedule,
    week,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)
DAY, NIGHT = ("08:00:00", "20:00:00"), (("00:00:00", "08:00:00"), ("20:00:00", "24:00:00"))


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Calendars are files."""
    (Path(hass_tmp_config_dir) / ".storage").mkdir()
    return hass_tmp_config_dir


@pytest.fixture(autouse=True)
async def china(hass: HomeAssistant, freezer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is Monday noon; hours that pass at once are no hours without a pong."""
    monkeypatch.setattr("custom_components.community_help.client.HEARTBEAT_SECONDS", None)
    await hass.config.async_set_time_zone(str(SHANGHAI))
    freezer.move_to(MONDAY)


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> Duty:
    """Set the entry up; its duty."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return hass.data[DUTIES][entry.entry_id]


async def pass_(hass: HomeAssistant, freezer: Any, seconds: float = 2.0) -> None:
    """So much time passes."""
    await at(hass, freezer, datetime.now(UTC) + timedelta(seconds=seconds))


def names(duty: Duty, *moment: int, compound: str = "bay") -> str:
    """Who is on duty in November at a day, hour and minute."""
    when = datetime(2026, 11, *moment, tzinfo=SHANGHAI).timestamp()
    return "+".join(member.name for member in duty.on_duty(compound, when))


def unresolved(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    """Whom and what the repair names."""
    issue = ir.async_get(hass).async_get_issue("community_help", f"duty_unresolved_{entry.entry_id}")
    return (issue.translation_placeholders or {})["people"] if issue else None


async def test_duty_is_known_for_two_weeks_from_any_time_of_the_day(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, freezer: Any
) -> None:
    """It is the same all day long, so that the gateway's journal gets one version a day."""
    await add_schedules(hass, day=week(DAYS, DAY))
    person = add_member(hass, entry, "张三", schedules=["schedule.day"])
    duty = await start(hass, entry)
    await eventually(hass, lambda: bool(gateway.bodies(commands.SetRoster)))
    (said,) = gateway.bodies(commands.SetRoster)
    assert said.staff == (values.StaffMember(person, "张三", always=False),)
    assert said.until == datetime(2026, 12, 8, tzinfo=SHANGHAI).timestamp()
    assert (names(duty, 23, 7, 59), names(duty, 23, 8, 0), names(duty, 23, 20, 0)) == ("", "张三", "")
    for hour in (13, 18, 23):
        await at(hass, freezer, MONDAY.replace(hour=hour, minute=59))
    assert len(gateway.bodies(commands.SetRoster)) == 1
    await at(hass, freezer, MONDAY.replace(day=24, hour=0, second=6))
    _, said = gateway.bodies(commands.SetRoster)
    assert said.until == datetime(2026, 12, 9, tzinfo=SHANGHAI).timestamp()


async def test_leave_is_taken_out_of_duty_whole_days_included(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: Any
) -> None:
    """Of shifts, and of somebody who is on duty at all other times."""
    await add_schedules(hass, night=week(DAYS, *NIGHT))
    await add_calendar(hass, "leave")
    await add_event(hass, "leave", "2026-11-25", "2026-11-26")
    await add_event(hass, "leave", "2026-11-27 01:00:00", "2026-11-27 03:00:00")
    add_member(hass, entry, "夜", schedules=["schedule.night"], away=["calendar.leave"])
    add_member(hass, entry, "常", tier=2, away=["calendar.leave"])
    duty = await start(hass, entry)
    assert (names(duty, 24, 23, 59), names(duty, 25, 0), names(duty, 25, 23, 59)) == ("夜+常", "", "")
    assert (names(duty, 26, 0), names(duty, 26, 12), names(duty, 27, 2)) == ("夜+常", "常", "")


async def test_a_schedule_that_is_edited_takes_effect_within_seconds(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, freezer: Any
) -> None:
    """Also when its state is the same as before: the edit concerns another day."""
    await add_schedules(hass, day=week(("monday",), DAY))
    add_member(hass, entry, "张三", schedules=["schedule.day"])
    duty = await start(hass, entry)
    assert names(duty, 26, 12) == ""
    woken: list[int] = []
    duty.async_listen(lambda: woken.append(1))
    state = hass.states.get("schedule.day")
    await edit_schedule(hass, "update", schedule_id="day", name="day", **week(("monday", "thursday"), DAY))
    assert hass.states.get("schedule.day") is state
    await pass_(hass, freezer)
    assert names(duty, 26, 12) == "张三"
    assert len(woken) == 1
    assert gateway.bodies(commands.SetRoster)[-1].shifts == duty.shifts


async def test_a_calendar_that_is_edited_takes_effect_within_the_hour(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: Any
) -> None:
    """It does not tell what changed beyond its next event; the next event it does tell."""
    await add_calendar(hass, "duty")
    await add_event(hass, "duty", "2026-11-23 14:00:00", "2026-11-23 15:00:00")
    add_member(hass, entry, "张三", schedules=["calendar.duty"])
    duty = await start(hass, entry)
    await add_event(hass, "duty", "2026-11-26 14:00:00", "2026-11-26 15:00:00")
    await at(hass, freezer, MONDAY.replace(hour=13, second=6))
    await eventually(hass, lambda: names(duty, 26, 14) == "张三")
    assert (names(duty, 23, 14), names(duty, 26, 14), names(duty, 26, 15)) == ("张三", "张三", "")
    await add_event(hass, "duty", "2026-11-23 13:30:00", "2026-11-23 13:40:00")
    await pass_(hass, freezer)
    await eventually(hass, lambda: names(duty, 23, 13, 35) == "张三")


@pytest.mark.parametrize("how", ["missing", "unavailable", "raises", "is slow", "says nonsense"])
async def test_who_has_duty_that_cannot_be_read_counts_as_on_duty(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Silence is worse than noise: duty is taken as duty, leave as none; a repair names both until it is readable."""
    answer: Any = {"calendar.cloud": {"events": [{"start": "2026-11-23", "end": "2026-11-24"}]}}
    broken = True

    async def get_events(_call: ServiceCall) -> Any:
        if broken and how == "raises":
            message = "the cloud is away"
            raise HomeAssistantError(message)
        if broken and how == "is slow":
            raise TimeoutError
        return {"calendar.cloud": {"events": [{"start": "soon"}]}} if broken and how == "says nonsense" else answer

    hass.services.async_register("calendar", "get_events", get_events, supports_response=SupportsResponse.ONLY)
    if how != "missing":
        hass.states.async_set("calendar.cloud", STATE_UNAVAILABLE if how == "unavailable" else "off")
    add_member(hass, entry, "张三", schedules=["calendar.cloud"])
    add_member(hass, entry, "李四", away=["calendar.cloud"])
    duty = await start(hass, entry)
    assert (names(duty, 23, 12), names(duty, 24, 12)) == ("张三+李四", "张三+李四")
    assert unresolved(hass, entry) == "- 张三: calendar.cloud\n- 李四: calendar.cloud"
    broken = False
    hass.states.async_set("calendar.cloud", "on")
    await pass_(hass, freezer, 301)
    assert (names(duty, 23, 12), names(duty, 24, 12)) == ("张三", "李四")
    assert unresolved(hass, entry) is None


async def test_a_calendar_that_does_not_answer_holds_nobody_up(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading ends by itself."""
    monkeypatch.setattr(timetables, "READ_SECONDS", 0.0)
    hass.states.async_set("calendar.cloud", "off")

    async def get_events(_call: ServiceCall) -> Any:
        await hass.loop.create_future()

    hass.services.async_register("calendar", "get_events", get_events, supports_response=SupportsResponse.ONLY)
    assert await timetables.async_read(hass, "calendar.cloud", (0.0, 1.0)) is None


async def test_one_of_two_schedules_that_cannot_be_read_makes_all_time_duty(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Nobody can tell which hours are in it; the other one's leave still counts."""
    await add_schedules(hass, day=week(DAYS, DAY), lunch=week(DAYS, ("12:00", "13:00")))
    add_member(hass, entry, "张三", schedules=["schedule.day", "schedule.gone"], away=["schedule.lunch"])
    duty = await start(hass, entry)
    assert (names(duty, 23, 3), names(duty, 23, 12, 30), names(duty, 23, 22)) == ("张三", "", "张三")
    assert unresolved(hass, entry) == "- 张三: schedule.gone"


async def test_the_last_plan_holds_while_home_assistant_starts(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, hass_storage: dict[str, Any], freezer: Any
) -> None:
    """The schedules are not there yet: nobody becomes on duty for that, no roster is sent, no repair is raised."""
    person = add_member(hass, entry, "张三", schedules=["schedule.day"])
    start_, end = (datetime(2026, 11, 23, hour, tzinfo=SHANGHAI).timestamp() for hour in (14, 15))
    until = datetime(2026, 12, 8, tzinfo=SHANGHAI).timestamp()
    shift = {"person": person, "start": start_, "end": end, "compounds": []}
    kept = {"compounds": ["bay"], "stand_ins": [], "shifted": [person], "shifts": [shift], "until": until}
    key = f"community_help.{entry.entry_id}.duty"
    hass_storage[key] = {"version": 1, "key": key, "data": kept}
    hass.set_state(CoreState.starting)
    duty = await start(hass, entry)
    assert (names(duty, 23, 12), names(duty, 23, 14)) == ("", "张三")
    new = add_member(hass, entry, "李四", schedules=["schedule.day"])
    await hass.async_block_till_done()
    assert names(duty, 23, 12) == "李四", "who is new has duty until it is known"
    assert unresolved(hass, entry) is None
    assert {item.id: item.always for item in gateway.bodies(commands.SetRoster)[-1].staff} == {person: False, new: True}
    await add_schedules(hass, day=week(DAYS, ("12:00", "13:00")))
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert (names(duty, 23, 12), names(duty, 23, 14)) == ("张三+李四", "")
    assert {item["person"] for item in hass_storage[key]["data"]["shifts"]} == {person, new}


async def test_a_plan_that_is_no_plan_is_forgotten(
    hass: HomeAssistant, entry: MockConfigEntry, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Then everybody is on duty until Home Assistant has started."""
    key = f"community_help.{entry.entry_id}.duty"
    hass_storage[key] = {"version": 1, "key": key, "data": {"shifts": [{"person": 7}]}}
    add_member(hass, entry, "张三", schedules=["schedule.day"])
    hass.set_state(CoreState.starting)
    duty = await start(hass, entry)
    assert names(duty, 23, 3) == "张三"
    assert "cannot be read" in caplog.text


async def test_what_is_kept_on_disk_is_bounded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A calendar with an event every minute brings the horizon nearer; nobody is forgotten beyond it."""
    midnight = datetime(2026, 11, 23, tzinfo=SHANGHAI)
    events = [
        {
            "start": (midnight + timedelta(minutes=minute)).isoformat(),
            "end": (midnight + timedelta(minutes=minute, seconds=30)).isoformat(),
        }
        for minute in range(21000)
    ]

    async def get_events(_call: ServiceCall) -> Any:
        return {"calendar.mad": {"events": events}}

    hass.services.async_register("calendar", "get_events", get_events, supports_response=SupportsResponse.ONLY)
    hass.states.async_set("calendar.mad", "off")
    add_member(hass, entry, "张三", schedules=["calendar.mad"])
    duty = await start(hass, entry)
    assert len(duty.shifts) == plan.MAX_SHIFTS
    assert duty.until == (midnight + timedelta(minutes=plan.MAX_SHIFTS)).timestamp()


async def test_listeners_are_woken_when_a_shift_begins_and_ends(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, freezer: Any
) -> None:
    """At that very time; the gateway knows already and is sent nothing."""
    await add_schedules(hass, break_=week(DAYS, ("13:10", "13:20")))
    add_member(hass, entry, "张三", schedules=["schedule.break"])
    duty = await start(hass, entry)
    await eventually(hass, lambda: bool(gateway.bodies(commands.SetRoster)))
    seen: list[str] = []
    stop = duty.async_listen(lambda: seen.append("+".join(member.name for member in duty.on_duty("bay"))))
    for minute in (5, 10, 15, 20, 25):
        await at(hass, freezer, MONDAY.replace(hour=13, minute=minute))
    assert seen == ["张三", ""]
    assert len(gateway.bodies(commands.SetRoster)) == 1
    stop()
    await at(hass, freezer, MONDAY.replace(day=24, hour=13, minute=10))
    assert len(seen) == 2


async def test_another_time_zone_moves_the_shifts(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A schedule is written in local time."""
    await add_schedules(hass, day=week(DAYS, DAY))
    add_member(hass, entry, "张三", schedules=["schedule.day"])
    duty = await start(hass, entry)
    assert names(duty, 24, 9) == "张三"
    await hass.config.async_update(time_zone="Europe/Berlin")
    await hass.async_block_till_done()
    assert names(duty, 24, 9) == ""
    assert names(duty, 24, 16) == "张三"


async def test_a_roster_that_changed_while_the_gateway_was_away_is_sent_when_it_is_back(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    freezer: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Home Assistant knows all the while; the gateway pages by what it had."""
    monkeypatch.setattr("custom_components.community_help.coordinator.BACKOFF_SECONDS", (0.0,))
    await add_schedules(hass, day=week(DAYS, DAY))
    add_member(hass, entry, "张三", schedules=["schedule.day"])
    duty = await start(hass, entry)
    await eventually(hass, lambda: bool(gateway.bodies(commands.SetRoster)))
    await gateway.go_away()
    await eventually(hass, lambda: not entry.runtime_data.connected)
    await edit_schedule(hass, "update", schedule_id="day", name="day", **week(DAYS, ("08:00", "09:00")))
    await pass_(hass, freezer)
    assert names(duty, 24, 12) == ""
    gateway.away = False
    await eventually(hass, lambda: len(gateway.bodies(commands.SetRoster)) > 1)
    assert gateway.bodies(commands.SetRoster)[-1] == duty.roster()


async def test_who_joined_while_the_gateway_was_never_there_is_in_the_first_roster(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, freezer: Any
) -> None:
    """Nobody listens to the entry then."""
    await add_schedules(hass, day=week(DAYS, DAY))
    gateway.away = True
    await hass.config_entries.async_setup(entry.entry_id)
    add_member(hass, entry, "张三", schedules=["schedule.day"])
    gateway.away = False
    await pass_(hass, freezer, 120)
    await eventually(hass, lambda: bool(gateway.bodies(commands.SetRoster)))
    assert [len(item.shifts) > 0 for item in gateway.bodies(commands.SetRoster)] == [True]


async def test_duty_is_followed_no_more_when_the_entry_is_gone(
    hass: HomeAssistant, gateway: FakeGateway, entry: MockConfigEntry, hass_storage: dict[str, Any], freezer: Any
) -> None:
    """Nothing stays on disk, and no timer sends anything."""
    await add_schedules(hass, day=week(DAYS, DAY))
    add_member(hass, entry, "张三", schedules=["schedule.day", "schedule.gone"])
    await start(hass, entry)
    assert f"community_help.{entry.entry_id}.duty" in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.entry_id not in hass.data[DUTIES]
    assert unresolved(hass, entry) is None
    await edit_schedule(hass, "update", schedule_id="day", name="day", **week(DAYS, ("08:00", "09:00")))
    await pass_(hass, freezer, 90000)
    assert f"community_help.{entry.entry_id}.duty" not in hass_storage
