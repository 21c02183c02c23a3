"""Who is on duty, as entities: one for each member of the staff, and one for each compound."""

import time
from collections.abc import Iterable
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.util.dt import utc_from_timestamp

from .const import DOMAIN
from .contract.values import Compound
from .coordinator import Coordinator
from .plan import StandIn
from .roster import Member
from .shifts import covering
from .staff import StaffEntity, duty_of
from .texts import Texts

MAX_STATE = 255
"""Home Assistant takes no longer state."""


class OnDutySensor(StaffEntity, BinarySensorEntity):
    """Whether a member of the staff is on duty."""

    _attr_translation_key = "on_duty"
    _unrecorded_attributes = frozenset({"since", "until", "next", "compounds", "stands_in_for", "relieved_by"})

    def __init__(self, coordinator: Coordinator, member: Member) -> None:
        """Of the member's own device."""
        super().__init__(coordinator, member, "on_duty")

    @property
    def is_on(self) -> bool:
        """On duty for any compound."""
        return self.duty.plan.on_duty(self.member_id, "", time.time())

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Since when and until when, or when next; where; for whom, or by whom relieved."""
        now, plan = time.time(), self.duty.plan
        spans = plan.spans(self.member_id)
        span = covering(spans, now)
        following = None if span else next((start for start, _ in spans if start > now), None)
        running = [item for item in self.duty.stand_ins if item.runs(now)]
        mine = [item for item in running if item.stand_in == self.member_id]
        return {
            "since": _text(span[0] if span else None),
            "until": _text(span[1] if span else None),
            "next": _text(following),
            "compounds": self._compounds(now),
            "stands_in_for": [*self.names(item.member for item in mine if item.member), *self._wholly(mine)],
            "relieved_by": self.names(item.stand_in for item in running if item.member == self.member_id),
        }

    def _compounds(self, now: float) -> list[str]:
        """Where, by name; nowhere while off duty."""
        if self.member is None or not self.is_on:
            return []
        own = self.member.compounds or tuple(self.coordinator.compounds)
        running = self.duty.plan.compounds(self.member_id, now)
        return self._places(item for item in own if running is None or item in running)

    def _wholly(self, stand_ins: Iterable[StandIn]) -> list[str]:
        """The compounds whose duty was taken over as a whole."""
        return self._places(compound for item in stand_ins if not item.member for compound in item.compounds)

    def _places(self, compounds: Iterable[str]) -> list[str]:
        known = self.coordinator.compounds
        return [known[compound].name for compound in compounds if compound in known]


class CompoundDutySensor(SensorEntity):
    """Who is told first when something happens in a compound now."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = "on_duty"
    _unrecorded_attributes = frozenset({"tiers", "everybody"})

    def __init__(self, coordinator: Coordinator, texts: Texts, compound: Compound) -> None:
        """Of the compound's own device."""
        self._duty = duty_of(coordinator)
        self._texts = texts
        self._compound = compound.id
        own = coordinator.device_key(compound.id)
        self._attr_unique_id = f"{own}_on_duty"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, own)})

    async def async_added_to_hass(self) -> None:
        """Listen to duty."""
        self.async_on_remove(self._duty.async_listen(self.async_write_ha_state))

    @property
    def available(self) -> bool:
        """Always: duty is resolved here, without the gateway."""
        return True

    @property
    def native_value(self) -> str:
        """The names of the first tier that has somebody; in words when nobody is on duty."""
        found = self._duty.on_duty(self._compound)
        if not found:
            return self._texts.say("nobody_on_duty")
        names = self._texts.listed(item.name for item in found if item.tier == found[0].tier)
        return names if len(names) <= MAX_STATE else f"{names[: MAX_STATE - 1]}…"

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Everybody on duty by tier; ``everybody``: nobody is, so all staff of the compound are told."""
        tiers: dict[str, list[str]] = {}
        for item in self._duty.on_duty(self._compound):
            tiers.setdefault(str(item.tier), []).append(item.name)
        return {"tiers": tiers, "everybody": not tiers}


def _text(at: float | None) -> str | None:
    return None if at is None else utc_from_timestamp(at).isoformat()
