"""What is known of a phone itself: its app, the ways to it, battery, and whether it is told to be quiet."""

from dataclasses import dataclass

from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .phone import Platform, Registration, registrations

_BATTERY, _CHARGING, _QUIET = ("battery_level",), ("is_charging", "battery_state"), ("dnd_sensor", "focus")
"""The apps' own ids of the sensors: Android's, then those that only iOS has (sources of both companion apps)."""

_CHARGED = frozenset({"on", "charging", "full"})


@dataclass(frozen=True, slots=True)
class Handset:
    """One phone; ``None`` is unknown: the person has not switched that sensor on in the app."""

    device_id: str
    name: str
    platform: Platform
    app_version: str
    os_version: str
    local: bool
    cloud: bool
    battery: int | None = None
    charging: bool | None = None
    quiet: bool | None = None

    @property
    def channel(self) -> str:
        """Which way a page would take now: its own connection first; empty when there is none."""
        if self.local:
            return "local"
        return "cloud" if self.cloud else ""


def handsets(hass: HomeAssistant) -> dict[str, Handset]:
    """Every phone with the companion app, by device id."""
    registry = er.async_get(hass)
    return {device_id: _handset(hass, registry, item) for device_id, item in registrations(hass).items()}


def _handset(hass: HomeAssistant, registry: er.EntityRegistry, item: Registration) -> Handset:
    states = {
        entity.unique_id.removeprefix(f"{item.webhook_id}_"): state.state
        for entity in er.async_entries_for_device(registry, item.device_id)
        if entity.platform == "mobile_app"
        and (state := hass.states.get(entity.entity_id))
        and state.state not in {STATE_UNKNOWN, STATE_UNAVAILABLE}
    }

    def said(keys: tuple[str, ...]) -> str | None:
        return next((states[key] for key in keys if key in states), None)

    battery, charging, quiet = said(_BATTERY), said(_CHARGING), said(_QUIET)
    return Handset(
        item.device_id,
        item.name,
        item.platform,
        item.app_version,
        item.os_version,
        item.local,
        item.cloud,
        _percent(battery),
        None if charging is None else charging.lower() in _CHARGED,
        None if quiet is None else quiet != STATE_OFF,
    )


def _percent(said: str | None) -> int | None:
    try:
        return None if said is None else round(float(said))
    except ValueError, OverflowError:
        return None
