"""Compounds and devices in Home Assistant's registries: a compound is a floor, a building an area, a flat a device.

Home Assistant matches areas by name, so an area carries its compound's name. Floors and areas are created only
when the user agreed, only for devices that are new, and what the user changed is never overwritten: a device that
moves takes along its area only while that is the one of its old place.
"""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr, floor_registry as fr

from .const import CONF_CREATE_AREAS, DOMAIN
from .contract.values import Compound, Device
from .coordinator import Coordinator
from .levels import Building, Subject, subjects
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
        self._gateway = self.async_show_gateway()

    @callback
    def async_show_gateway(self) -> str:
        """Register the gateway, as it is now: it may have been updated."""
        gateway = self._coordinator.gateway
        return self._devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, self._coordinator.gateway_id)},
            name=self._entry.title,
            model=self._texts.say("model_gateway"),
            sw_version=gateway.software if gateway else None,
            entry_type=dr.DeviceEntryType.SERVICE,
        ).id

    @callback
    def async_registered(self) -> dict[str, str]:
        """What is registered of compounds, buildings and devices, as an earlier run left it: id by own id."""
        prefix = self._coordinator.device_key("")
        return {
            key.removeprefix(prefix): device.id
            for device in dr.async_entries_for_config_entry(self._devices, self._entry.entry_id)
            for domain, key in device.identifiers
            if domain == DOMAIN and key.startswith(prefix) and device.config_subentry_id is None
        }

    @callback
    def async_show(self, subject: Subject, before: Subject | None) -> None:
        """Register ``subject`` as it is now; ``before`` is how it was shown until now."""
        if isinstance(subject, Compound):
            self._compound(subject)
            return
        key = (DOMAIN, self._coordinator.device_key(subject.id))
        known = self._devices.async_get_device_by_identifier(key, self._entry.entry_id)
        found = self._building(subject) if isinstance(subject, Building) else self._device(subject)
        if not self._entry.data.get(CONF_CREATE_AREAS):
            return
        if known is None:
            self._devices.async_update_device(found.id, area_id=self._area(subject))
        elif before is not None and known.area_id and self._area_name(before) != self._area_name(subject):
            old = ar.async_get(self._hass).async_get_area_by_name(self._area_name(before))
            if old and old.id == known.area_id:
                self._devices.async_update_device(found.id, area_id=self._area(subject))

    @callback
    def async_hide(self, own_id: str) -> None:
        """Remove what is no longer a device of its own, with its entities."""
        key = (DOMAIN, self._coordinator.device_key(own_id))
        found = self._devices.async_get_device_by_identifier(key, self._entry.entry_id)
        if found:
            self._devices.async_remove_device(found.id)

    def _compound(self, compound: Compound) -> dr.DeviceEntry:
        return self._devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, self._coordinator.device_key(compound.id))},
            name=compound.name,
            model=self._texts.say("model_compound"),
            model_id="compound",
            entry_type=dr.DeviceEntryType.SERVICE,
            via_device_id=self._gateway,
        )

    def _building(self, building: Building) -> dr.DeviceEntry:
        """Where there are areas, its area says in which compound it is."""
        areas = self._entry.data.get(CONF_CREATE_AREAS)
        return self._devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, self._coordinator.device_key(building.id))},
            name=building.name if areas else self._area_name(building),
            model_id="building",
            via_device_id=self._via(building.compound),
        )

    def _device(self, device: Device) -> dr.DeviceEntry:
        return self._devices.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={(DOMAIN, self._coordinator.device_key(device.id))},
            name=" ".join(filter(None, (device.floor, device.flat, device.name))),
            model=device.model or self._texts.say(f"model_{device.kind.value}"),
            model_id=device.kind.value,
            via_device_id=self._via(device.compound),
        )

    def _via(self, compound: str) -> str:
        key = (DOMAIN, self._coordinator.device_key(compound))
        found = self._devices.async_get_device_by_identifier(key, self._entry.entry_id)
        return found.id if found else self._gateway

    def _area_name(self, subject: Subject) -> str:
        """The compound's name, and the building's; empty for what is in no compound that is known."""
        if isinstance(subject, Compound):
            return subject.name
        compound = self._coordinator.compounds.get(subject.compound)
        building = subject.name if isinstance(subject, Building) else subject.building
        return f"{compound.name} {building}".strip() if compound else ""

    def _area(self, subject: Building | Device) -> str | None:
        name, compound = self._area_name(subject), self._coordinator.compounds.get(subject.compound)
        if not name or compound is None:
            return None
        areas, floors = ar.async_get(self._hass), fr.async_get(self._hass)
        found = areas.async_get_area_by_name(name)
        if found is None:
            floor = floors.async_get_floor_by_name(compound.name) or floors.async_create(compound.name)
            found = areas.async_create(name, floor_id=floor.floor_id)
        return found.id


def registry_keys(coordinator: Coordinator) -> set[str]:
    """The registry identifiers of everything that is shown; nobody may remove these by hand."""
    shown = subjects(coordinator).values()
    return {coordinator.gateway_id, *(coordinator.device_key(subject.id) for subject in shown)}
