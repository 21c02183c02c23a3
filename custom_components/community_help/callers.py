"""Whom and what an action is about: the person who calls it, the incident, the compound, the points."""

import contextlib
import time
from collections.abc import Iterable

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .adopted import point_of
from .client import CannotConnectError, RefusedError
from .const import DOMAIN, UNIDENTIFIED
from .contract.commands import RecordRefusal
from .contract.values import Incident, Person, Way
from .coordinator import Coordinator
from .duty import DUTIES
from .permissions import Refusal, async_decider
from .roster import Member, member_called, members
from .signals import points_behind

REFUSALS_SINCE = 3
"""The version of the contract with which a gateway takes refusals into its journal."""


def wrong(key: str, **placeholders: str) -> ServiceValidationError:
    """A translated error about what the caller asked."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders or None
    )


def _coordinators(hass: HomeAssistant) -> list[Coordinator]:
    return [entry.runtime_data for entry in hass.config_entries.async_loaded_entries(DOMAIN)]


async def person_of(
    call: ServiceCall, coordinator: Coordinator, what: str, compound: str, *, incident: str = "", subject: str = ""
) -> Person:
    """The person who calls, and may do ``what`` (a command's name) in ``compound``; a refusal is journalled.

    A decision needs a person: an automation without a user has nobody to answer for it.
    """
    found = await async_decider(call.hass, coordinator.entry, call.context.user_id, compound)
    if isinstance(found, Person):
        return found
    if found.person is None:
        raise wrong(UNIDENTIFIED)
    record_refusal(coordinator, RecordRefusal(what, found.person, Way.ACTION, time.time(), incident, subject))
    raise wrong("not_permitted", person=found.person.name, compound=_called(coordinator, found))


@callback
def record_refusal(coordinator: Coordinator, refused: RecordRefusal) -> None:
    """Journal that somebody was refused; the caller's answer neither waits for it nor depends on it."""
    task = _async_record(coordinator, refused)
    coordinator.entry.async_create_background_task(coordinator.hass, task, "community_help refusal")


async def _async_record(coordinator: Coordinator, refused: RecordRefusal) -> None:
    """A gateway that is older, away or full has no record of it."""
    if coordinator.gateway and coordinator.gateway.version >= REFUSALS_SINCE:
        with contextlib.suppress(CannotConnectError, RefusedError):
            await coordinator.async_command(refused)


def _called(coordinator: Coordinator, refusal: Refusal) -> str:
    """How the compound is called; what has none is the whole gateway's."""
    compound = coordinator.compounds.get(refusal.compound)
    return compound.name if compound else coordinator.entry.title


def member_of(coordinator: Coordinator, name: str) -> Member:
    """The member of the staff whose device in Home Assistant, id or name this is."""
    found = member_called(coordinator.hass, coordinator.entry, name)
    if found is None:
        raise wrong("unknown_person", name=name)
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


def gateway_of(hass: HomeAssistant, name: str) -> Coordinator:
    """The gateway whose roster has this one member, by device in Home Assistant, id or name."""
    found = [item for item in _coordinators(hass) if member_called(hass, item.entry, name)]
    if len(found) != 1:
        raise wrong("unknown_person", name=name)
    return found[0]


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
    """The points behind one of our smoke, gas, fire lane, call point or panel entities, or behind an adopted one."""
    for coordinator in _coordinators(hass):
        if (adopted := point_of(hass, coordinator.entry, entity_id)) in coordinator.points:
            return coordinator, (adopted,)
    found = er.async_get(hass).async_get(entity_id)
    if found and found.platform == DOMAIN:
        for coordinator in _coordinators(hass):
            points = points_behind(coordinator, found.unique_id)
            if points and found.config_entry_id == coordinator.entry.entry_id:
                return coordinator, points
    raise wrong("no_point", entity=entity_id)


def compound_at(coordinator: Coordinator, point: str) -> str:
    """The compound that a point is in; empty for what has none."""
    known = coordinator.points.get(point)
    return next((item.compound for item in coordinator.devices.values() if known in item.points), "")
