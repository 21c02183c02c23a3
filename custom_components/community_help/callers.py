"""Whom and what an action is about: the person who calls it, the incident, the compound, the points."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .const import DOMAIN, UNIDENTIFIED
from .contract.values import Incident, Person
from .coordinator import Coordinator
from .duty import DUTIES
from .roster import members, person_for
from .signals import points_behind


def wrong(key: str, **placeholders: str) -> ServiceValidationError:
    """A translated error about what the caller asked."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )


def _coordinators(hass: HomeAssistant) -> list[Coordinator]:
    return [entry.runtime_data for entry in hass.config_entries.async_loaded_entries(DOMAIN)]


async def person_of(call: ServiceCall, coordinator: Coordinator) -> Person:
    """The person who calls. A decision needs one: an automation without a user has nobody to answer for it."""
    found = await person_for(call.hass, coordinator.entry, call.context.user_id)
    if found is None:
        raise wrong(UNIDENTIFIED)
    return found


def people_behind(hass: HomeAssistant, coordinator: Coordinator, devices: Iterable[str]) -> set[str]:
    """The staff whose devices these are, and who is on duty in the compounds whose devices these are."""
    registry, found = dr.async_get(hass), set[str]()
    staff = {coordinator.device_key(f"staff_{member.id}"): member.id for member in members(coordinator.entry)}
    compounds = {coordinator.device_key(compound): compound for compound in coordinator.compounds}
    duty = hass.data[DUTIES][coordinator.entry.entry_id]
    for device_id in devices:
        device = registry.async_get(device_id)
        for domain, key in device.identifiers if device else ():
            if domain == DOMAIN and key in staff:
                found.add(staff[key])
            elif domain == DOMAIN and key in compounds:
                found.update(member.id for member in duty.on_duty(compounds[key]))
    return found


def incident_of(hass: HomeAssistant, incident_id: str) -> tuple[Coordinator, Incident]:
    """The open incident with this id, and its gateway."""
    for coordinator in _coordinators(hass):
        incident = coordinator.incidents.get(incident_id)
        if incident:
            return coordinator, incident
    raise wrong("unknown_incident", id=incident_id)


def compound_of(hass: HomeAssistant, name: str) -> tuple[Coordinator, str]:
    """The compound whose device in Home Assistant, or whose own id, this is."""
    device = dr.async_get(hass).async_get(name)
    keys = {key for domain, key in device.identifiers if domain == DOMAIN} if device else set()
    for coordinator in _coordinators(hass):
        for compound in coordinator.compounds:
            if compound == name or coordinator.device_key(compound) in keys:
                return coordinator, compound
    raise wrong("unknown_compound", id=name)


def points_for(hass: HomeAssistant, entity_id: str) -> tuple[Coordinator, tuple[str, ...]]:
    """The points behind one of our smoke, gas, fire lane, call point or panel entities."""
    found = er.async_get(hass).async_get(entity_id)
    if found and found.platform == DOMAIN:
        for coordinator in _coordinators(hass):
            points = points_behind(coordinator, found.unique_id)
            if points and found.config_entry_id == coordinator.entry.entry_id:
                return coordinator, points
    raise wrong("no_point", entity=entity_id)
