"""Real schedules and calendars in the test's Home Assistant, and the real gateway's model behind its rosters."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any
from unittest.mock import Mock

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from community_help_gateway.model import lifecycle, people
from community_help_gateway.model.draft import Decision, Draft
from community_help_gateway.model.incident import Cause, Person
from community_help_gateway.model.kinds import DeviceKind, PointKind
from community_help_gateway.model.observation import Address, LinkState, Observation
from community_help_gateway.model.reduce import commit, due, field_input
from community_help_gateway.model.roster import Shift, StaffMember
from community_help_gateway.model.site import Compound, Device, Point, Site
from community_help_gateway.model.state import EventKind, State
from custom_components.community_help.contract import commands
from tests.integration.conftest import FakeGateway, eventually

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORKDAYS = DAYS[:5]
GUARD = Person("guard", "保安")


def week(days: Iterable[str], *blocks: tuple[str, str]) -> dict[str, list[dict[str, str]]]:
    """The same blocks on some days of the week."""
    return {day: [{"from": start, "to": end} for start, end in blocks] for day in days}


async def add_schedules(hass: HomeAssistant, **weeks: dict[str, list[dict[str, str]]]) -> None:
    """Schedules as somebody made them in the user interface: they are in the storage and can be edited there."""
    assert await async_setup_component(hass, "schedule", {})
    for name, blocks in weeks.items():
        await edit_schedule(hass, "create", name=name, **blocks)


async def edit_schedule(hass: HomeAssistant, what: str, **data: Any) -> None:
    """What the user interface sends."""
    connection = Mock(user=Mock(is_admin=True))
    hass.data["websocket_api"][f"schedule/{what}"][0](hass, connection, {"id": 1, "type": f"schedule/{what}", **data})
    await eventually(hass, lambda: bool(connection.mock_calls))
    assert connection.send_result.called, connection.mock_calls


async def add_calendar(hass: HomeAssistant, name: str) -> MockConfigEntry:
    """A real local calendar."""
    entry = MockConfigEntry(domain="local_calendar", title=name, data={"calendar_name": name, "storage_key": name})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def add_event(hass: HomeAssistant, calendar: str, start: str, end: str) -> None:
    """One for whole days when both are dates (the end is the day after), else one with times."""
    kind = "date" if len(start) == len("2026-11-25") else "date_time"
    data = {"entity_id": f"calendar.{calendar}", "summary": calendar, f"start_{kind}": start, f"end_{kind}": end}
    await hass.services.async_call("calendar", "create_event", data, blocking=True)
    await hass.async_block_till_done()


def add_member(hass: HomeAssistant, entry: MockConfigEntry, name: str, **data: Any) -> str:
    """A member of the staff; the person's id."""
    data = {"name": name, "tier": 1, "phones": [], "compounds": [], **data}
    member = ConfigSubentry(data=MappingProxyType(data), subentry_type="staff", title=name, unique_id=None)
    hass.config_entries.async_add_subentry(entry, member)
    return member.subentry_id


async def at(hass: HomeAssistant, freezer: Any, moment: datetime) -> None:
    """It is ``moment`` now, and everything that was to happen until then happens."""
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done()


@dataclass
class RealGateway:
    """The gateway's own model, with one smoke alarm in each compound; it gets the rosters that were sent."""

    gateway: FakeGateway
    zone: tzinfo
    compounds: tuple[str, ...]
    taken: int = 0
    pages: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Every link is up, nothing is in alarm."""
        devices = [
            Device(
                name,
                "烟感",
                DeviceKind.SMOKE_ALARM,
                name,
                "1号楼",
                points=(Point(f"{name}.smoke", name, PointKind.SMOKE, Address("gb", name)),),
            )
            for name in self.compounds
        ]
        self.site = Site.of([Compound(name, name) for name in self.compounds], devices, zone=self.zone)
        self.state = State("e")
        for name in self.compounds:
            self._take(field_input(self.state, self.site, LinkState("gb", name, True, 0.0), 0.0))

    def _take(self, decision: Decision) -> Decision:
        assert not decision.refusal
        commit(self.state, decision)
        self.pages += [event.page.people for event in decision.events if event.kind is EventKind.PAGED and event.page]
        return decision

    def hear(self, now: float) -> None:
        """Take over every roster that Home Assistant sent since the last time."""
        rosters = self.gateway.bodies(commands.SetRoster)
        for said in rosters[self.taken :]:
            staff = [StaffMember(item.id, item.name, item.tier, item.compounds, item.always) for item in said.staff]
            shifts = [Shift(item.person, item.start, item.end, item.compounds) for item in said.shifts]
            self._take(people.set_roster(Draft(self.state, self.site, now), staff, shifts, said.until))
        self.taken = len(rosters)

    def alarm(self, compound: str, now: float) -> list[tuple[str, ...]]:
        """Who is paged when the compound's smoke alarm sounds and nobody answers for three and a half minutes."""
        self.pages = []
        self._say(compound, now, alarm=True)
        end = now + 210.0
        while waits := [item for item in self.state.deadlines.values() if item.due_at <= end]:
            deadline = min(waits, key=lambda item: (item.due_at, item.id))
            self._take(due(self.state, self.site, deadline, deadline.due_at))
        self._say(compound, end, alarm=False)
        (incident,) = self.state.incidents.values()
        self._take(lifecycle.close(Draft(self.state, self.site, end), incident.id, Cause.DUST, "", GUARD))
        return self.pages

    def _say(self, compound: str, now: float, *, alarm: bool) -> None:
        said = Observation(address=Address("gb", compound), received_at=now, alarm=alarm)
        self._take(field_input(self.state, self.site, said, now))
