"""Knows at any time which phones, people and compounds can be reached, and says so as repairs.

It looks when something is proven, when duty, the roster or a channel changes, and every few minutes: the companion
app's own connection comes and goes without a word.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_state_change_event, async_track_time_interval
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import Coordinator
from .duty import Duty
from .facts import Fact
from .handsets import Handset, handsets
from .proof import Proofs, Record
from .readiness import Gap, Verdict, best, confirms_silently, gaps, judge, moments
from .roster import DutyPhone, Member, duty_phones, members

BOARDS: HassKey[dict[str, ReadinessBoard]] = HassKey(f"{DOMAIN}_boards")
"""The boards of the loaded entries, by config entry id."""

CHECK_SECONDS = 180.0
"""How often to look without being told (project's choice)."""

GATHER_SECONDS = 1.0
"""A burst of proofs is looked at once (project's choice)."""


@dataclass(frozen=True, slots=True)
class PhoneState:
    """One phone of the roster; ``handset`` is ``None`` when no such phone is registered any more."""

    device_id: str
    handset: Handset | None
    record: Record | None
    silently: bool
    verdict: Verdict


class ReadinessBoard:
    """The readiness of one gateway's staff."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator, duty: Duty, proofs: Proofs) -> None:
        """Nothing is known before ``async_start``."""
        self._hass = hass
        self.coordinator = coordinator
        self._entry = coordinator.entry
        self._duty = duty
        self._proofs = proofs
        self.phones: dict[str, PhoneState] = {}
        self._gaps: dict[str, list[Gap]] = {}
        self._seen: tuple[object, ...] = ()
        self._listeners: dict[CALLBACK_TYPE, None] = {}
        self._soon: CALLBACK_TYPE | None = None
        self._channels: tuple[str, ...] = ()
        self._unwatch: CALLBACK_TYPE | None = None
        self._undo: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Look, and follow what readiness depends on."""
        self._hass.data.setdefault(BOARDS, {})[self._entry.entry_id] = self
        check = timedelta(seconds=CHECK_SECONDS)
        self._undo = [
            async_track_time_interval(self._hass, self._on_time, check, name="community_help readiness"),
            self._proofs.async_listen(self.async_look_soon),
            self._duty.async_listen(self.async_look_soon),
            self.coordinator.facts.async_listen((Fact.INCIDENTS,), self._on_facts),
            self._entry.add_update_listener(self._on_entry),
        ]
        self.async_look()

    @callback
    def async_stop(self) -> None:
        """Follow nothing any more."""
        self._hass.data[BOARDS].pop(self._entry.entry_id, None)
        for undo in (*self._undo, self._soon, self._unwatch):
            if undo:
                undo()
        self._undo.clear()
        self._soon = self._unwatch = None

    @callback
    def async_listen(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` every time that was looked, whether or not anything differs."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None) and None

    @property
    def known(self) -> bool:
        """Whether this Home Assistant is the one that pages: only then do the phones prove anything to it."""
        return bool(self.coordinator.fence)

    def staff(self) -> tuple[Member, ...]:
        """Everybody of the roster."""
        return members(self._entry)

    def owner(self, device_id: str) -> str:
        """The name of the person, or of the duty phone, that a phone of the roster belongs to."""
        holders: tuple[Member | DutyPhone, ...] = (*duty_phones(self._entry), *self.staff())
        return next((item.name for item in holders if device_id in item.phones), "")

    def verdict(self, device_id: str) -> Verdict:
        """Of one phone."""
        state = self.phones.get(device_id)
        return state.verdict if state else Verdict.UNREACHABLE

    def silently(self, device_id: str) -> bool:
        """Whether a phone confirms by itself."""
        state = self.phones.get(device_id)
        return state is not None and state.silently

    def channel_open(self, entity_id: str) -> bool:
        """Whether a notify entity can be used now; it proves nothing, but it is a way."""
        state = self._hass.states.get(entity_id)
        return state is not None and state.state != STATE_UNAVAILABLE

    def own(self, member: Member) -> Verdict:
        """Of one person by the own phones and channels; who has none is reached by the duty phones that they carry."""
        ways = [self.verdict(phone) for phone in member.phones]
        ways += [Verdict.READY for channel in member.channels if self.channel_open(channel)]
        return best(ways) if member.phones or member.channels else self._carried(member)

    def reached(self, member: Member) -> Verdict:
        """Of one person on duty: the duty phones that they may carry count, too."""
        return best((self.own(member), self._carried(member)))

    def _carried(self, member: Member) -> Verdict:
        shared = [item for item in duty_phones(self._entry) if item.carried_by(member.id)]
        return best(self.verdict(phone) for item in shared for phone in item.phones)

    def gaps(self, compound: str) -> list[Gap] | None:
        """When tonight nobody who is told first in ``compound`` is known to be reachable; ``None``: no roster."""
        return self._gaps.get(compound)

    @callback
    def async_look_soon(self) -> None:
        """Look in a moment; what else happens until then is seen, too."""
        if self._soon is None:
            job = HassJob(self._on_soon, "community_help readiness", cancel_on_shutdown=True)
            self._soon = async_call_later(self._hass, GATHER_SECONDS, job)

    @callback
    def _on_soon(self, _now: datetime) -> None:
        self._soon = None
        self.async_look()

    @callback
    def _on_time(self, _now: datetime) -> None:
        self.async_look()

    @callback
    def _on_facts(self) -> None:
        """Incidents do not matter here: only who pages, and for which compounds."""
        if self._seen != (self.known, tuple(self.coordinator.compounds)):
            self.async_look()

    async def _on_entry(self, _hass: HomeAssistant, _entry: ConfigEntry) -> None:
        self.async_look()

    @callback
    def _on_channel(self, _event: Event[EventStateChangedData]) -> None:
        self.async_look_soon()

    @callback
    def async_look(self) -> None:
        """Judge every phone of the roster anew, and tell everybody."""
        now, there = time.time(), handsets(self._hass)
        staff = self.staff()
        holders: tuple[Member | DutyPhone, ...] = (*duty_phones(self._entry), *staff)
        listed = tuple(dict.fromkeys(phone for item in holders for phone in item.phones))
        self._proofs.async_keep(listed or there)
        self.phones = {phone: self._judge(phone, there.get(phone), now) for phone in listed or there}
        self._watch(tuple(channel for member in staff for channel in member.channels))
        compounds = tuple(self.coordinator.compounds)
        self._seen = (self.known, compounds)
        self._gaps = {compound: self._tonight(compound, staff, now) for compound in compounds} if staff else {}
        for listener in tuple(self._listeners):
            listener()

    def _tonight(self, compound: str, staff: tuple[Member, ...], now: float) -> list[Gap]:
        here = tuple(member for member in staff if member.serves(compound)) or staff
        times = moments(self._duty.shifts, now)
        found = gaps(times, lambda at: self._duty.on_duty(compound, at), here, self.reached)
        before = self._gaps.get(compound, [])
        return [next((gap for gap in before if gap.continues(item, now)), item) for item in found]

    def _judge(self, device_id: str, handset: Handset | None, now: float) -> PhoneState:
        record = self._proofs.records.get(device_id)
        gateway = self.coordinator.gateway
        silently = confirms_silently(handset, record, gateway.version if gateway else 0)
        return PhoneState(device_id, handset, record, silently, judge(handset, record, now, silently=silently))

    def _watch(self, channels: tuple[str, ...]) -> None:
        """Follow the roster's notify entities."""
        if channels == self._channels:
            return
        if self._unwatch:
            self._unwatch()
        self._channels = channels
        self._unwatch = async_track_state_change_event(self._hass, channels, self._on_channel) if channels else None
