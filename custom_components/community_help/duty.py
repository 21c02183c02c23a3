"""Who is on duty now and in the coming days: resolved from the roster, and sent to the gateway as shifts.

The last plan is on disk, so that duty is known while Home Assistant starts and its schedules are not there yet.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CALLBACK_TYPE, CoreState, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import (
    async_call_later,
    async_track_point_in_utc_time,
    async_track_state_change_event,
    async_track_state_report_event,
    async_track_time_change,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, SIGNAL_DUTY
from .contract.commands import SetRoster
from .contract.values import Person, Shift, StaffMember
from .contract.wire import from_wire, to_wire
from .issues import clear_issue, raise_issue
from .kept import Kept
from .plan import Plan, StandIn, resolve
from .roster import DutyPhone, Member, duty_phone_for, members, person_for
from .shifts import Span, Spans, merged, midnight, without
from .timetables import SCHEDULE, async_read

_LOGGER = logging.getLogger(__name__)
DUTIES: HassKey[dict[str, Duty]] = HassKey(f"{DOMAIN}_duties")
"""By config entry id, as long as the entry is meant to run."""

DAYS = 15
"""Duty is resolved for so many days from today's local midnight, so that 14 are known at any time of the day.

It begins a day earlier, so that it is known since when somebody has a night shift; within a day it stays the same.
"""

SETTLE_SECONDS = 1.0
"""A calendar that is reloaded goes and comes back; duty is resolved once (project's choice)."""

RETRY_SECONDS = 300.0
"""What could not be read is tried again after this time (project's choice)."""

MAX_STAND_INS = 500
"""Nobody hands duty over so often within two weeks; a loop that does so is refused (project's choice)."""


class Duty:
    """The duty of one gateway's staff."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Nothing is resolved yet: everybody counts as on duty, because silence is worse than noise."""
        self._hass = hass
        self._entry = entry
        self._listeners: dict[CALLBACK_TYPE, None] = {}
        self._send: Callable[[], Awaitable[None]] | None = None
        self._compounds: tuple[str, ...] = ()
        self._undo: list[CALLBACK_TYPE] = []
        self._tracked: tuple[str, ...] = ()
        self._untrack: list[CALLBACK_TYPE] = []
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._edge: float | None = None
        self._lock = asyncio.Lock()
        self._said = SetRoster(())
        self._kept: dict[str, Any] = {}
        self._file = Kept(hass, entry.entry_id, "duty", lambda: self._kept)
        self.plan = Plan()
        self.stand_ins: tuple[StandIn, ...] = ()

    @property
    def _running(self) -> bool:
        return self._hass.state is CoreState.running

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """The resolved shifts of those who are not always on duty."""
        return self.plan.shifts

    @property
    def until(self) -> float | None:
        """The horizon; ``None`` when nobody has shifts."""
        return self.plan.until

    async def async_start(self) -> None:
        """Take up the last plan, then follow what duty depends on."""
        self._hass.data.setdefault(DUTIES, {})[self._entry.entry_id] = self
        self._load(await self._file.async_load())
        self._undo = [
            async_track_time_change(self._hass, self._on_hour, minute=0, second=5),
            self._hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._on_config),
        ]
        if self._running:
            await self.async_resolve()
        else:
            self._undo.append(async_at_started(self._hass, self._on_started))
            self._wait_for_edge()

    def _load(self, stored: dict[str, Any]) -> None:
        try:
            self._compounds = tuple(stored.get("compounds", ()))
            self.stand_ins = tuple(from_wire(StandIn, item) for item in stored.get("stand_ins", ()))
            shifts = tuple(from_wire(Shift, item) for item in stored.get("shifts", ()))
            self.plan = Plan(tuple(stored.get("shifted", ())), shifts, stored.get("until"))
        except (ValueError, TypeError, AttributeError) as error:
            _LOGGER.warning("The last duty plan of %s cannot be read: %s", self._entry.title, type(error).__name__)

    def _saved(self) -> dict[str, Any]:
        return {
            "compounds": list(self._compounds),
            "stand_ins": [to_wire(item) for item in self.stand_ins],
            "shifted": list(self.plan.shifted),
            "shifts": [to_wire(shift) for shift in self.plan.shifts],
            "until": self.plan.until,
        }

    @callback
    def async_stop(self) -> None:
        """Follow nothing any more."""
        self._hass.data.get(DUTIES, {}).pop(self._entry.entry_id, None)
        for undo in (*self._undo, *self._untrack, *self._timers.values()):
            undo()
        self._undo, self._untrack, self._tracked = [], [], ()
        self._timers.clear()
        clear_issue(self._hass, self._entry, "duty_unresolved")

    @callback
    def async_attach(self, send: Callable[[], Awaitable[None]]) -> None:
        """There is a connection by which a changed roster is sent."""
        self._send = send

    @callback
    def async_detach(self) -> None:
        """The connection is given up; the next one begins with the roster."""
        self._send = None

    @callback
    def async_take_compounds(self, compounds: Iterable[str]) -> None:
        """The compounds that the gateway knows: where duty is handed on for some of them, the others are named."""
        found = tuple(compounds)
        if found and found != self._compounds:
            self._compounds = found
            self._hass.async_create_task(self.async_resolve(), "community_help duty compounds")

    @callback
    def async_listen(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` when the roster was resolved anew and differs, and when a shift begins or ends."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None) and None

    @callback
    def _wake(self) -> None:
        for listener in tuple(self._listeners):
            listener()
        async_dispatcher_send(self._hass, SIGNAL_DUTY, self._entry.entry_id)

    async def async_resolve(self) -> None:
        """Resolve duty anew; when it differs it is kept, everybody who listens is woken, and the gateway told.

        While Home Assistant starts or stops its schedules are not there: the last plan holds, who is new has duty.
        """
        async with self._lock:
            if self._running:
                await self._resolve()
                self._track()
            before, kept = self._said, self._kept
            self._said, self._kept = self.roster(), self._saved()
            passed = self._wait_for_edge()
            if self._kept != kept:
                await self._file.async_save()
            changed = self._said != before
        if changed or passed or self._kept != kept:
            self._wake()
        if changed and self._send:
            await self._send()

    async def _resolve(self) -> None:
        staff, zone, now = members(self._entry), dt_util.get_default_time_zone(), time.time()
        window = (midnight(now, zone, -1), midnight(now, zone, DAYS))
        known = {
            entity: await async_read(self._hass, entity, window)
            for entity in dict.fromkeys(entity for item in staff for entity in (*item.schedules, *item.away))
        }
        self.stand_ins = tuple(item for item in self.stand_ins if item.end > window[0])
        timetables = {item.id: _timetable(item, known, window) for item in staff}
        self.plan = resolve(staff, timetables, self.stand_ins, self._compounds, window)
        self._say_unresolved(staff, {entity for entity, spans in known.items() if spans is None})

    def _say_unresolved(self, staff: tuple[Member, ...], unread: set[str]) -> None:
        lines = [
            f"- {item.name}: {entity}" for item in staff for entity in (*item.schedules, *item.away) if entity in unread
        ]
        if lines:
            raise_issue(self._hass, self._entry, "duty_unresolved", people="\n".join(lines))
            self._later("retry", RETRY_SECONDS)
        else:
            clear_issue(self._hass, self._entry, "duty_unresolved")

    def _track(self) -> None:
        """Follow the schedules and calendars of the roster; a schedule that was edited reports, changed or not."""
        staff = members(self._entry)
        wanted = tuple(dict.fromkeys(entity for item in staff for entity in (*item.schedules, *item.away)))
        if wanted == self._tracked:
            return
        for undo in self._untrack:
            undo()
        schedules = [entity for entity in wanted if entity.startswith(f"{SCHEDULE}.")]
        self._tracked = wanted
        self._untrack = [
            async_track_state_change_event(self._hass, wanted, self._on_entity),
            async_track_state_report_event(self._hass, schedules, self._on_entity),
        ]

    @callback
    def _on_entity(self, _event: Event[Any]) -> None:
        if self._running and "settle" not in self._timers:
            self._later("settle", SETTLE_SECONDS)

    @callback
    def _later(self, name: str, seconds: float) -> None:
        """Resolve after a while; a timer of that name is replaced."""
        self._cancel(name)

        async def resolve_now(_now: datetime) -> None:
            self._timers.pop(name, None)
            await self.async_resolve()

        job = HassJob(resolve_now, f"community_help duty {name}", cancel_on_shutdown=True)
        self._timers[name] = async_call_later(self._hass, seconds, job)

    @callback
    def _cancel(self, name: str) -> None:
        if undo := self._timers.pop(name, None):
            undo()

    async def _on_started(self, _hass: HomeAssistant) -> None:
        await self.async_resolve()

    async def _on_hour(self, _now: datetime) -> None:
        """Calendars do not tell what changed in the days to come, and a new day has begun after midnight."""
        await self.async_resolve()

    async def _on_config(self, _event: Event[Any]) -> None:
        """Home Assistant's time zone may be another one."""
        await self.async_resolve()

    @callback
    def _wait_for_edge(self) -> bool:
        """Wait until duty changes hands next; whether it did just now, and nobody was woken yet."""
        self._cancel("edge")
        now = time.time()
        passed = self._edge is not None and self._edge <= now
        edges = [self.plan.next_edge(now), *(at for item in self.stand_ins for at in (item.start, item.end))]
        self._edge = min((at for at in edges if at is not None and at > now), default=None)
        if self._edge is not None:
            job = HassJob(self._on_edge, "community_help shift", cancel_on_shutdown=True)
            at = dt_util.utc_from_timestamp(self._edge)
            self._timers["edge"] = async_track_point_in_utc_time(self._hass, job, at)
        return passed

    @callback
    def _on_edge(self, _now: datetime) -> None:
        self._timers.pop("edge", None)
        if self._wait_for_edge():
            self._wake()

    async def async_stand_in(self, stand_in: StandIn) -> bool:
        """Hand duty on from now on or later; ``False`` when it was handed on too often already."""
        if len(self.stand_ins) >= MAX_STAND_INS:
            return False
        self.stand_ins = (*self.stand_ins, stand_in)
        await self.async_resolve()
        return True

    async def async_take_back(self, member: str) -> None:
        """``member`` has their own duty again; what others did until now stays as it was."""
        now = time.time()
        ended = (replace(item, end=min(item.end, now)) if item.member == member else item for item in self.stand_ins)
        self.stand_ins = tuple(item for item in ended if item.end > item.start)
        await self.async_resolve()

    def roster(self) -> SetRoster:
        """The roster as the gateway gets it: no phone address is in it."""
        staff = tuple(
            StaffMember(item.id, item.name, item.tier, item.compounds, self.plan.always(item.id))
            for item in members(self._entry)
        )
        return SetRoster(staff, self.plan.shifts, self.plan.until)

    def on_duty(self, compound: str, at: float | None = None) -> tuple[Member, ...]:
        """Who is on duty for ``compound`` at ``at`` (now), by tier; empty ``compound``: for any."""
        now = time.time() if at is None else at
        staff = (item for item in members(self._entry) if item.serves(compound))
        found = [item for item in staff if self.plan.on_duty(item.id, compound, now)]
        return tuple(sorted(found, key=lambda member: member.tier))

    def first_tier(self, compounds: Iterable[str]) -> set[str]:
        """Who is told first in each of ``compounds``: everybody on duty of the lowest tier that it has."""
        found: set[str] = set()
        for compound in compounds:
            here = self.on_duty(compound) or tuple(item for item in members(self._entry) if item.serves(compound))
            lowest = min((member.tier for member in here), default=0)
            found.update(member.id for member in here if member.tier == lowest)
        return found

    async def async_person(self, user_id: str | None, compound: str = "") -> Person | None:
        """Who a Home Assistant user is; behind a duty phone, whoever is on duty for ``compound`` and may carry it.

        The id tells phone and people apart from the same phone in other hands, so that the record stays true.
        """
        shared = duty_phone_for(self._hass, self._entry, user_id) if user_id else None
        if shared is None:
            return await person_for(self._hass, self._entry, user_id)
        carriers = self._carriers(shared, compound)
        names = "、".join(member.name for member in carriers)
        ids = "+".join((shared.id, *(member.id for member in carriers)))
        return Person(ids[:100], f"{names} ({shared.name})" if names else shared.name)

    def _carriers(self, phone: DutyPhone, compound: str) -> tuple[Member, ...]:
        return tuple(member for member in self.on_duty(compound) if phone.carried_by(member.id))


def _timetable(member: Member, known: dict[str, Spans | None], window: Span) -> Spans | None:
    """When somebody has duty of their own (``None``: always). What cannot be told counts as duty, and not as leave."""
    if not (member.schedules or member.away):
        return None
    plans = [known[entity] for entity in member.schedules]
    spans = merged(span for plan in plans for span in (plan or ()))
    if not plans or None in plans:
        spans = (window,)
    away = merged(span for entity in member.away for span in (known[entity] or ()))
    return without(spans, away)
