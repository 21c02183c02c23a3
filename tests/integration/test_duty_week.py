"""A week of duty with real schedules and calendars: whoever is paged is whoever should have been, by hand.

Every half hour a smoke alarm sounds in each compound of the real gateway's model, and nobody answers for three and a
half minutes. The first tier has 60 s and each later one 120 s; the last one is paged again. All pages of that time must
go to the people whom the tables below name, in this order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeassistant import config_entries
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.community_help.contract import commands, values
from tests.integration.conftest import GATEWAY_ID, FakeGateway, eventually
from tests.integration.duty_world import (
    DAYS,
    WORKDAYS,
    RealGateway,
    add_calendar,
    add_event,
    add_member,
    add_schedules,
    at,
    edit_schedule,
    week,
)

HALF_HOUR = timedelta(minutes=30)
SETTLED = timedelta(seconds=10)
"""The alarms sound so long after the full and the half hour; what was edited then is in force."""

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Calendars are files."""
    (Path(hass_tmp_config_dir) / ".storage").mkdir()
    return hass_tmp_config_dir


@dataclass
class Week:
    """A gateway's entry, its clock, and the model that pages."""

    hass: HomeAssistant
    entry: MockConfigEntry
    freezer: Any
    gateway: FakeGateway
    zone: ZoneInfo

    async def begin(self, start: str, *compounds: str) -> None:
        """It is ``start`` in the community's time zone; the integration is set up and connected."""
        await self.hass.config.async_set_time_zone(str(self.zone))
        self.now = datetime.fromisoformat(start).replace(tzinfo=self.zone).astimezone(UTC)
        self.freezer.move_to(self.now)
        self.real = RealGateway(self.gateway, self.zone, compounds)
        self.people: dict[str, str] = {}

    async def connect(self) -> None:
        """Set the entry up; the gateway has the roster."""
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await eventually(self.hass, lambda: bool(self.gateway.bodies(commands.SetRoster)))

    def member(self, name: str, **data: Any) -> str:
        """A member of the staff."""
        found = add_member(self.hass, self.entry, name, **data)
        self.people[found] = name
        return found

    async def until(self, end: str) -> dict[datetime, dict[str, list[str]]]:
        """Who is paged in each compound, every half hour from now until ``end`` (local, or UTC when it says so)."""
        moment = datetime.fromisoformat(end)
        last = (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        found: dict[datetime, dict[str, list[str]]] = {}
        while self.now < last:
            alarm = self.now + SETTLED
            await at(self.hass, self.freezer, alarm)
            self.real.hear(alarm.timestamp())
            found[self.now] = {
                compound: [self.named(page) for page in self.real.alarm(compound, alarm.timestamp())]
                for compound in self.real.compounds
            }
            self.now += HALF_HOUR
        await at(self.hass, self.freezer, self.now)
        return found

    def named(self, page: tuple[str, ...]) -> str:
        """The people of a page, in the order of the roster."""
        return "+".join(name for person, name in self.people.items() if person in page)


@pytest.fixture
def community(
    hass: HomeAssistant,
    gateway: FakeGateway,
    entry: MockConfigEntry,
    freezer: Any,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Week:
    """Not begun yet. No heartbeat: half an hour that passes at once is no half hour without a pong."""
    monkeypatch.setattr("custom_components.community_help.client.HEARTBEAT_SECONDS", None)
    return Week(hass, entry, freezer, gateway, request.param)


def check(
    found: dict[datetime, dict[str, list[str]]], compound: str, zone: ZoneInfo, table: Sequence[tuple[str, str]]
) -> None:
    """``table``: from when on (local time, or UTC when it says so) which pages go to whom, one after the other."""
    moments = [datetime.fromisoformat(start) for start, _ in table]
    starts = [moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in moments]
    ends = [*starts[1:], max(found) + HALF_HOUR]
    wanted = {
        moment: pages.split(", ")
        for (_, pages), start, end in zip(table, starts, ends, strict=True)
        for moment in found
        if start.astimezone(UTC) <= moment < end.astimezone(UTC)
    }
    assert set(wanted) == set(found)
    for moment, pages in wanted.items():
        assert found[moment][compound] == pages, f"{compound} {moment.astimezone(zone)}"


async def act(week: Week, user: MockUser, name: str, **data: Any) -> None:
    """Somebody calls an action."""
    await week.hass.services.async_call("community_help", name, data, blocking=True, context=Context(user_id=user.id))
    await week.hass.async_block_till_done()


def staff_device(week: Week, person: str) -> str:
    """The device of a member of the staff."""
    key = ("community_help", f"{GATEWAY_ID}_staff_{person}")
    found = dr.async_get(week.hass).async_get_device_by_identifier(key, week.entry.entry_id)
    assert found
    return found.id


@pytest.mark.parametrize("community", [SHANGHAI], indirect=True)
async def test_a_week_in_china_pages_whom_the_table_names(hass: HomeAssistant, community: Week) -> None:
    """Shifts, a calendar, leave, an empty tier, an empty compound, hand-overs, and edits in the middle of the week."""
    await community.begin("2026-11-23T00:00", "bay", "garden")
    community.gateway.compounds = (values.Compound("bay", "清水湾"), values.Compound("garden", "花园"))
    await add_schedules(
        hass,
        day=week(WORKDAYS, ("08:00:00", "20:00:00")),
        night=week(DAYS, ("00:00:00", "08:00:00"), ("20:00:00", "24:00:00")),
        office=week(WORKDAYS, ("09:00:00", "17:00:00")),
    )
    for name in ("weekend", "leave"):
        await add_calendar(hass, name)
    await add_event(hass, "weekend", "2026-11-28 08:00:00", "2026-11-29 20:00:00")
    await add_event(hass, "leave", "2026-11-25", "2026-11-27")
    zhang, li, zhao = (MockUser(id=name, name=name).add_to_hass(hass) for name in ("zhang", "li", "zhao"))
    for user in (zhang, li, zhao):
        hass.states.async_set(f"person.{user.id}", "home", {"user_id": user.id})
    day = community.member("张", person="person.zhang", compounds=["bay"], schedules=["schedule.day"])
    community.member("李", person="person.li", compounds=["bay"], schedules=["schedule.night"])
    community.member("王", tier=2, compounds=["bay"], schedules=["calendar.weekend"])
    backup = community.member("赵", person="person.zhao", tier=2, compounds=["bay"], away=["calendar.leave"])
    community.member("钱", compounds=["garden"], schedules=["schedule.office"])
    community.member("孙", compounds=["garden"], tier=2, schedules=["schedule.office"])
    await community.connect()

    found = await community.until("2026-11-24T10:00")
    await act(community, zhang, "hand_over_duty", to=staff_device(community, backup), hours=6)
    found |= await community.until("2026-11-26T12:00")
    await edit_schedule(hass, "update", schedule_id="office", name="office", **week(["friday"], ("09:00", "12:00")))
    await add_event(hass, "weekend", "2026-11-26 14:00:00", "2026-11-26 16:00:00")
    found |= await community.until("2026-11-27T18:00")
    await act(community, li, "take_over_duty", device_id="bay", until="2026-11-27 22:00:00")
    found |= await community.until("2026-11-28T10:00")
    subentry = community.entry.subentries[day]
    flow = await community.entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    answer = {**subentry.data, "channels": [], "schedules": [], "away": []}
    done = await hass.config_entries.subentries.async_configure(flow["flow_id"], answer)
    assert done["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    found |= await community.until("2026-11-30T00:00")

    assert community.entry.state is config_entries.ConfigEntryState.LOADED
    assert len(community.gateway.resumed) == 1, "nothing was reloaded"
    assert len(found) == 7 * 48
    check(
        found,
        "bay",
        SHANGHAI,
        [
            ("2026-11-23T00:00", "李, 赵, 赵"),
            ("2026-11-23T08:00", "张, 赵, 赵"),
            ("2026-11-23T20:00", "李, 赵, 赵"),
            ("2026-11-24T08:00", "张, 赵, 赵"),
            ("2026-11-24T10:00", "赵, 赵"),  # 张 handed over to 赵; nobody else has the first tier
            ("2026-11-24T16:00", "张, 赵, 赵"),
            ("2026-11-24T20:00", "李, 赵, 赵"),
            ("2026-11-25T00:00", "李, 李, 李, 李"),  # 赵 is on leave
            ("2026-11-25T08:00", "张, 张, 张, 张"),
            ("2026-11-25T20:00", "李, 李, 李, 李"),
            ("2026-11-26T08:00", "张, 张, 张, 张"),
            ("2026-11-26T14:00", "张, 王, 王"),  # entered into the calendar at noon
            ("2026-11-26T16:00", "张, 张, 张, 张"),
            ("2026-11-26T20:00", "李, 李, 李, 李"),
            ("2026-11-27T00:00", "李, 赵, 赵"),
            ("2026-11-27T08:00", "张, 赵, 赵"),
            ("2026-11-27T18:00", "李, 赵, 赵"),  # 李 took the compound over
            ("2026-11-27T20:00", "李, 赵, 赵"),
            ("2026-11-28T08:00", "王+赵, 王+赵"),  # the first tier is empty
            ("2026-11-28T10:00", "张, 王+赵, 王+赵"),  # 张 is always on duty from now on
            ("2026-11-28T20:00", "张+李, 王+赵, 王+赵"),
            ("2026-11-29T08:00", "张, 王+赵, 王+赵"),
            ("2026-11-29T20:00", "张+李, 赵, 赵"),
        ],
    )
    check(
        found,
        "garden",
        SHANGHAI,
        [
            ("2026-11-23T00:00", "钱+孙, 钱+孙, 钱+孙, 钱+孙"),  # nobody is on duty: everybody
            ("2026-11-23T09:00", "钱, 孙, 孙"),
            ("2026-11-23T17:00", "钱+孙, 钱+孙, 钱+孙, 钱+孙"),
            ("2026-11-24T09:00", "钱, 孙, 孙"),
            ("2026-11-24T17:00", "钱+孙, 钱+孙, 钱+孙, 钱+孙"),
            ("2026-11-25T09:00", "钱, 孙, 孙"),
            ("2026-11-25T17:00", "钱+孙, 钱+孙, 钱+孙, 钱+孙"),
            ("2026-11-26T09:00", "钱, 孙, 孙"),
            ("2026-11-26T12:00", "钱+孙, 钱+孙, 钱+孙, 钱+孙"),  # the schedule has only Friday mornings left
            ("2026-11-27T09:00", "钱, 孙, 孙"),
            ("2026-11-27T12:00", "钱+孙, 钱+孙, 钱+孙, 钱+孙"),
        ],
    )


@pytest.mark.parametrize("community", [BERLIN], indirect=True)
@pytest.mark.parametrize(
    ("start", "end", "table"),
    [
        (
            "2026-10-24T18:00",
            "2026-10-26T09:00",
            [
                ("2026-10-24T16:00+00:00", "日, 常, 常"),
                ("2026-10-24T20:00+00:00", "夜, 常, 常"),  # 22:00 in summer time
                ("2026-10-25T00:30+00:00", "晨, 常, 常"),  # 02:30, the first of two
                ("2026-10-25T07:00+00:00", "日, 常, 常"),  # 08:00 in winter time
                ("2026-10-25T21:00+00:00", "夜, 常, 常"),
                ("2026-10-25T23:00+00:00", "夜, 夜, 夜, 夜"),  # the holiday begins at local midnight
                ("2026-10-26T01:30+00:00", "晨, 晨, 晨, 晨"),
                ("2026-10-26T07:00+00:00", "日, 日, 日, 日"),
            ],
        ),
        (
            "2027-03-27T18:00",
            "2027-03-29T09:00",
            [
                ("2027-03-27T17:00+00:00", "日, 常, 常"),
                ("2027-03-27T21:00+00:00", "夜, 常, 常"),
                ("2027-03-28T01:00+00:00", "晨, 常, 常"),  # 02:30 does not exist: at the jump
                ("2027-03-28T06:00+00:00", "日, 常, 常"),  # 08:00 in summer time
                ("2027-03-28T20:00+00:00", "夜, 常, 常"),
                ("2027-03-28T22:00+00:00", "夜, 夜, 夜, 夜"),
                ("2027-03-29T00:30+00:00", "晨, 晨, 晨, 晨"),
                ("2027-03-29T06:00+00:00", "日, 日, 日, 日"),
            ],
        ),
    ],
    ids=["autumn", "spring"],
)
async def test_shifts_meet_when_the_clocks_change(
    hass: HomeAssistant, community: Week, start: str, end: str, table: list[tuple[str, str]]
) -> None:
    """No half hour belongs to nobody or to two: not the hour that comes twice, not the one that never comes."""
    await community.begin(start, "bay")
    await add_schedules(
        hass,
        day=week(DAYS, ("08:00:00", "22:00:00")),
        night=week(DAYS, ("00:00:00", "02:30:00"), ("22:00:00", "24:00:00")),
        morning=week(DAYS, ("02:30:00", "08:00:00")),
    )
    await add_calendar(hass, "holiday")
    holiday = community.now.astimezone(BERLIN).date() + timedelta(days=2)
    await add_event(hass, "holiday", str(holiday), str(holiday + timedelta(days=1)))
    community.member("日", schedules=["schedule.day"])
    community.member("夜", schedules=["schedule.night"])
    community.member("晨", schedules=["schedule.morning"])
    community.member("常", tier=2, away=["calendar.holiday"])
    await community.connect()
    found = await community.until(end)
    check(found, "bay", BERLIN, table)
    changes = [pages["bay"] for _, pages in sorted(found.items())]
    assert sum(one != two for one, two in pairwise(changes)) == len(table) - 1
