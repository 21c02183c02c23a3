"""Who is on duty now and in the coming days: resolved from the roster, and sent to the gateway as shifts."""

import time
from collections.abc import Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .contract.commands import SetRoster
from .contract.values import Person, Shift, StaffMember
from .roster import DutyPhone, Member, duty_phone_for, members, person_for

DUTIES: HassKey[dict[str, Duty]] = HassKey(f"{DOMAIN}_duties")
"""By config entry id, as long as the entry is meant to run."""


class Duty:
    """The duty of one gateway's staff."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Nothing is resolved yet; before ``async_start`` only who is always on duty is known."""
        self._hass = hass
        self._entry = entry
        self._listeners: dict[CALLBACK_TYPE, None] = {}
        self.shifts: tuple[Shift, ...] = ()
        self.until: float | None = None

    async def async_start(self) -> None:
        """Resolve, and follow what duty depends on."""
        self._hass.data.setdefault(DUTIES, {})[self._entry.entry_id] = self

    @callback
    def async_stop(self) -> None:
        """Follow nothing any more."""
        self._hass.data.get(DUTIES, {}).pop(self._entry.entry_id, None)

    @callback
    def async_listen(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` when the roster was resolved anew and differs, and when a shift begins or ends."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None) and None

    def roster(self) -> SetRoster:
        """The roster as the gateway gets it: no phone address is in it."""
        staff = tuple(
            StaffMember(item.id, item.name, item.tier, item.compounds, not (item.schedules or item.away))
            for item in members(self._entry)
        )
        return SetRoster(staff, self.shifts, self.until)

    def on_duty(self, compound: str, at: float | None = None) -> tuple[Member, ...]:
        """Who is on duty for ``compound`` at ``at`` (now), by tier; empty ``compound``: for any."""
        now = time.time() if at is None else at
        found = [item for item in members(self._entry) if item.serves(compound) and self._on(item, compound, now)]
        return tuple(sorted(found, key=lambda member: member.tier))

    def _on(self, member: Member, compound: str, at: float) -> bool:
        if not (member.schedules or member.away):
            return True
        return any(
            shift.person == member.id
            and shift.start <= at < shift.end
            and (not compound or not shift.compounds or compound in shift.compounds)
            for shift in self.shifts
        )

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
