"""Adopted entities: what an entity of Home Assistant can be for a compound, and how its state is read.

A further kind of point needs one line in ``KINDS`` and its words in the translations.
"""

import math
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_UNIT_OF_MEASUREMENT,
    CONF_NAME,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State, split_entity_id
from homeassistant.helpers import entity_registry as er

from .const import (
    CONF_BUILDING,
    CONF_COMPOUND,
    CONF_ENTITY,
    CONF_FLAT,
    CONF_FLOOR,
    CONF_KIND,
    CONF_STATION,
    SUBENTRY_ADOPTED,
)
from .contract.commands import AdoptedDevice, AdoptedState
from .contract.values import DeviceKind, PointKind

BINARY, SWITCHED, MEASURED = ("binary_sensor", "input_boolean"), ("switch",), ("sensor",)
DOMAINS = (*BINARY, *SWITCHED, *MEASURED)


@dataclass(frozen=True, slots=True)
class Kind:
    """What an entity can be.

    ``classes`` are the device classes of which this is the first guess. A sensor must have ``unit``, because the
    gateway judges the number; "" means that no number is judged. ``switches``: on is no alarm, it is just on.
    """

    device: DeviceKind
    point: PointKind
    classes: tuple[str, ...] = ()
    unit: str = ""
    switches: bool = False


KINDS = {
    "smoke": Kind(DeviceKind.SMOKE_ALARM, PointKind.SMOKE, ("smoke", "heat")),
    "call_point": Kind(DeviceKind.CALL_POINT, PointKind.CALL_POINT),
    "gas": Kind(DeviceKind.GAS_DETECTOR, PointKind.GAS, ("gas",)),
    "co": Kind(DeviceKind.GAS_DETECTOR, PointKind.CO, ("carbon_monoxide",), "ppm"),
    "h2s": Kind(DeviceKind.GAS_DETECTOR, PointKind.H2S, (), "ppm"),
    "o2": Kind(DeviceKind.GAS_DETECTOR, PointKind.O2, (), "%"),
    "ch4": Kind(DeviceKind.GAS_DETECTOR, PointKind.CH4, (), "%LEL"),
    "lane": Kind(DeviceKind.FIRE_LANE, PointKind.LANE, ("occupancy", "motion", "presence", "moving")),
    "leak": Kind(DeviceKind.LEAK, PointKind.LEAK, ("moisture",)),
    "relay": Kind(DeviceKind.APPLIANCE, PointKind.RELAY, ("outlet", "switch", "power", "plug", "running"), "", True),
}
"""By the word that the form keeps. The units are those in which the gateway has its limits."""


@dataclass(frozen=True, slots=True)
class AdoptedEntity:
    """One adopted entity: ``entity`` is its id in the entity registry, or its entity id where it is in none."""

    id: str
    entity: str
    name: str
    kind: str
    compound: str
    building: str = ""
    floor: str = ""
    flat: str = ""
    station: str = ""

    @property
    def device(self) -> str:
        """How the gateway calls the device; it stays when the entity is renamed or replaced."""
        return f"adopted-{self.id.lower()}"

    def described(self) -> AdoptedDevice | None:
        """The device as the gateway gets it; nothing for a kind that this version does not know."""
        kind = KINDS.get(self.kind)
        if kind is None:
            return None
        where = (self.compound, self.building, self.floor, self.flat)
        return AdoptedDevice(self.device, self.name, kind.device, kind.point, *where, kind.unit or None, self.station)

    def point(self) -> str:
        """The point's id at the gateway; empty for an unknown kind."""
        return f"{self.device}.{KINDS[self.kind].point.value}" if self.kind in KINDS else ""


def adopted_entities(entry: ConfigEntry) -> tuple[AdoptedEntity, ...]:
    """The adopted entities of a gateway's entry."""
    return tuple(
        AdoptedEntity(
            item.subentry_id,
            item.data[CONF_ENTITY],
            item.data[CONF_NAME],
            item.data[CONF_KIND],
            item.data[CONF_COMPOUND],
            item.data.get(CONF_BUILDING) or "",
            item.data.get(CONF_FLOOR) or "",
            item.data.get(CONF_FLAT) or "",
            item.data.get(CONF_STATION) or "",
        )
        for item in entry.subentries.values()
        if item.subentry_type == SUBENTRY_ADOPTED
    )


def kept_as(hass: HomeAssistant, entity_id: str) -> str:
    """What is kept of an entity: what stays when it is renamed, where there is such a thing."""
    found = er.async_get(hass).async_get(entity_id)
    return found.id if found else entity_id


def entity_id_of(hass: HomeAssistant, kept: str) -> str | None:
    """How an entity is called now; ``None`` when it was removed."""
    return er.async_resolve_entity_id(er.async_get(hass), kept)


def fitting(entity_id: str, state: State | None) -> tuple[str, ...]:
    """What an entity can be. A sensor by its unit and class, so one that has no state yet fits nothing."""
    domain = split_entity_id(entity_id)[0]
    if domain in MEASURED:
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
        known = _class(state)
        fits = [name for name, kind in KINDS.items() if kind.unit and kind.unit == unit]
        return tuple(name for name in fits if not known or known in KINDS[name].classes)
    if domain in SWITCHED:
        return tuple(name for name, kind in KINDS.items() if kind.switches)
    return tuple(KINDS) if domain in BINARY else ()


def likely(entity_id: str, state: State | None) -> str:
    """The first guess: what its device class says, or the only thing that it can be; nothing where that is open."""
    fits, known = fitting(entity_id, state), _class(state)
    guesses = [name for name in fits if known in KINDS[name].classes]
    return next(iter(guesses), fits[0] if len(fits) == 1 else "")


def _class(state: State | None) -> str:
    """Its device class, if it has one."""
    return str(state.attributes.get(ATTR_DEVICE_CLASS) or "") if state else ""


def said(item: AdoptedEntity, state: State | None) -> AdoptedState:
    """What an entity says. What is unavailable, unknown or cannot be read is silence, which is never "off".

    An alarm is as old as its change; anything else holds at least until it was last reported.
    """
    kind = KINDS.get(item.kind)
    if state is None or kind is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return AdoptedState(item.device, silent=True)
    reported = state.last_reported.timestamp()
    if state.domain in MEASURED:
        value = _number(state.state)
        if value is None or state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) != kind.unit:
            return AdoptedState(item.device, silent=True)
        return AdoptedState(item.device, reported, value=value)
    if state.state not in (STATE_ON, STATE_OFF):
        return AdoptedState(item.device, silent=True)
    on = state.state == STATE_ON
    if kind.switches:
        return AdoptedState(item.device, reported, on=on)
    return AdoptedState(item.device, state.last_changed.timestamp() if on else reported, alarm=on)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def point_of(hass: HomeAssistant, entry: ConfigEntry, entity_id: str) -> str:
    """The point that an entity was adopted as; empty for one that was not."""
    kept = {entity_id, kept_as(hass, entity_id)}
    return next((item.point() for item in adopted_entities(entry) if item.entity in kept), "")
