"""Compounds and devices in Home Assistant's registries: a compound is a floor, a building an area, a flat a device.

Home Assistant matches areas by name, so an area carries its compound's name. Floors and areas are created only
when the user agreed, only for devices that are new, and what the user changed is never overwritten.
"""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, floor_registry as fr

from .const import CONF_CREATE_AREAS, DOMAIN
from .contract.values import Compound, Device
from .coordinator import Coordinator
from .texts import Texts


def compounds_among(coordinator: Coordinator, devices: Iterable[str]) -> set[str]:
    """The compounds of this gateway whose devices in Home Assistant are among ``devices``."""
    registry = dr.async_get(coordinator.hass)
    found = [device for device in map(registry.async_get, devices) if device]
    keys = {key for device in found for domain, key in device.identifiers if domain == DOMAIN}
    return {compound for compound in coordinator.compounds if coordinator.device_key(compound) in keys}


class Places:
    """Keeps the device registry in step with one gateway."""

    def __init__(self, hass: HomeAssistant, coordinator: Coordinator, texts: Texts) -> None:
        """Register the gateway itself; models are named in Home Assistant's language."""
        self._texts = texts
        self._hass = hass
        self._coordinator = coordinator
        self._entry = coordinator.entry
        self._devices = dr.async_get(hass)
        gateway = coordinator.gateway
        self._gateway = self._devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, coordinator.gateway_id)},
            name=self._entry.title,
            model=texts.say("model_gateway"),
            sw_version=gateway.software if gateway else None,
            entry_type=dr.DeviceEntryType.SERVICE,
        )

    @callback
    def async_register(self, _changed: list[Device]) -> None:
        """Register every compound and device that is new, and remove what the gateway no longer knows."""
        known = {
            key: device.id
            for device in dr.async_entries_for_config_entry(self._devices, self._entry.entry_id)
            for domain, key in device.identifiers
            if domain == DOMAIN and device.config_subentry_id is None
        }
        key = self._coordinator.device_key
        compounds = {item.id: self._compound(item) for item in self._coordinator.compounds.values()}
        for device in self._coordinator.devices.values():
            self._device(device, compounds.get(device.compound, self._gateway.id), new=key(device.id) not in known)
        wanted = {self._coordinator.gateway_id, *map(key, (*self._coordinator.compounds, *self._coordinator.devices))}
        for stale in known.keys() - wanted:
            self._devices.async_remove_device(known[stale])

    def _compound(self, compound: Compound) -> str:
        return self._devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, self._coordinator.device_key(compound.id))},
            name=compound.name,
            model=self._texts.say("model_compound"),
            model_id="compound",
            entry_type=dr.DeviceEntryType.SERVICE,
            via_device_id=self._gateway.id,
        ).id

    def _device(self, device: Device, via: str, *, new: bool) -> None:
        found = self._devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, self._coordinator.device_key(device.id))},
            name=" ".join(filter(None, (device.floor, device.flat, device.name))),
            model=device.model or self._texts.say(f"model_{device.kind.value}"),
            model_id=device.kind.value,
            via_device_id=via,
        )
        if new and self._entry.data.get(CONF_CREATE_AREAS):
            self._devices.async_update_device(found.id, area_id=self._area(device))

    def _area(self, device: Device) -> str | None:
        compound = self._coordinator.compounds.get(device.compound)
        if compound is None:
            return None
        name = f"{compound.name} {device.building}".strip()
        areas, floors = ar.async_get(self._hass), fr.async_get(self._hass)
        found = areas.async_get_area_by_name(name)
        if found is None:
            floor = floors.async_get_floor_by_name(compound.name) or floors.async_create(compound.name)
            found = areas.async_create(name, floor_id=floor.floor_id)
        return found.id
