"""What a trigger tells an automation, as plain values that templates can use."""

from datetime import UTC, datetime
from typing import Any

from homeassistant.helpers import device_registry as dr

from .announcer import Announcement
from .const import DOMAIN
from .contract.values import Bypass, Device, Drill, Incident, IncidentEvent, IncidentEventKind, Page, Person
from .coordinator import Coordinator
from .incidents import answered, detectors, live, loud
from .texts import Texts


def about_incident(said: Announcement, incident: Incident, texts: Texts) -> dict[str, Any]:
    """What an automation can say about an incident.

    ``summary`` is the page's default title: hazard and place in Home Assistant's language, a drill said before all
    else. ``devices`` are the detectors' devices in Home Assistant, ``compound_device`` is the compound's.
    ``unanswered`` counts the real incidents that may sound and that nobody has answered, this one included;
    ``unanswered_here`` those of the compound.
    """
    coordinator = said.coordinator
    waiting = [item for item in coordinator.incidents.values() if loud(item) and not (item.drill or answered(item))]
    return {
        "incident_id": incident.id,
        "revision": incident.revision,
        "state": incident.state.value,
        "hazard": incident.hazard.value,
        "hazards": sorted({incident.hazard.value, *(hazard.value for hazard in incident.hazards)}),
        "severity": incident.severity.value,
        "drill": incident.drill,
        "real": not incident.drill,
        "summary": texts.title(incident),
        "place": incident.place,
        "compound": incident.compound_name,
        "compound_device": compound_device(coordinator, incident.compound),
        "building": _building(said),
        "devices": [found for device in said.devices if (found := _device(coordinator, device))],
        "detectors": detectors(incident),
        "live": live(incident),
        "floors": list(incident.floors),
        "tier": incident.tier,
        "owner": _name(incident.owner),
        "opened_at": _time(incident.opened_at),
        "unanswered": len(waiting),
        "unanswered_here": sum(item.compound == incident.compound for item in waiting),
    }


def about_event(event: IncidentEvent) -> dict[str, Any]:
    """What happened, by whom (nobody: the gateway by itself), and how it ended if it did."""
    person, incident = event.person, event.incident
    told: dict[str, Any] = {
        "reason": worsening(event) or event.kind.value,
        "person": _name(person),
        "person_id": person.id if person else None,
    }
    if event.kind is IncidentEventKind.CLOSED:
        told |= {"cause": incident.cause.value if incident.cause else "unknown", "note": incident.note}
    return told


def about_page(page: Page) -> dict[str, Any]:
    """Whom a page is for, and why."""
    return {"page_id": page.id, "tier": page.tier, "reason": page.reason, "why": page.why}


def about_drill(coordinator: Coordinator, drill: Drill) -> dict[str, Any]:
    """A rehearsal."""
    compound = coordinator.compounds.get(drill.compound)
    name = compound.name if compound else drill.compound
    return {
        "compound": name,
        "place": name,
        "person": drill.person.name,
        "person_id": drill.person.id,
        "started_at": _time(drill.started_at),
        "ends_at": _time(drill.ends_at),
    }


def about_device(coordinator: Coordinator, device: Device) -> dict[str, Any]:
    """A device, and where it is."""
    compound = coordinator.compounds.get(device.compound)
    name = compound.name if compound else device.compound
    return {
        "device": device.name,
        "device_id": _device(coordinator, device.id),
        "kind": device.kind.value,
        "compound": name,
        "compound_device": compound_device(coordinator, device.compound),
        "building": device.building,
        "floor": device.floor,
        "flat": device.flat,
        "place": " ".join(part for part in (name, device.building, device.flat, device.name) if part),
    }


def about_bypass(coordinator: Coordinator, bypass: Bypass) -> dict[str, Any] | None:
    """A silenced point, by whom, why and until when; nothing for one that is not known."""
    device = next(
        (item for item in coordinator.devices.values() if any(p.id == bypass.point for p in item.points)), None
    )
    if device is None:
        return None
    return {
        **about_device(coordinator, device),
        "person": bypass.person.name,
        "person_id": bypass.person.id,
        "reason": bypass.reason,
        "ends_at": _time(bypass.until),
    }


def worsening(event: IncidentEvent) -> str:
    """Why people are told again because of ``event``, as a code; empty when they are not."""
    how, _, reason = event.detail.partition(":")
    if event.kind is IncidentEventKind.JOINED:
        return reason if how in ("paged", "collected") else ""
    return event.detail if event.kind is IncidentEventKind.WORSENED else ""


def compound_device(coordinator: Coordinator, compound: str) -> str:
    """The compound's device in Home Assistant; empty when there is none."""
    return _device(coordinator, compound)


def _device(coordinator: Coordinator, own_id: str) -> str:
    registry = dr.async_get(coordinator.hass)
    key = (DOMAIN, coordinator.device_key(own_id))
    found = registry.async_get_device_by_identifier(key, coordinator.entry.entry_id)
    return found.id if found else ""


def _building(said: Announcement) -> str:
    """The one building that all of its devices stand in; empty when there is none or there are several."""
    known = said.coordinator.devices
    found = {known[device].building for device in said.devices if device in known}
    return found.pop() if len(found) == 1 else ""


def _name(person: Person | None) -> str | None:
    """Nobody, too, for the gateway itself, which has no name."""
    return person.name or None if person else None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
